#include "model/desired/services.h"

#include <cstdio>

#include "base/text.h"

namespace model::desired {
namespace {

std::string hexadecimal(uint64_t number) {
  char digits[17];
  std::snprintf(digits, sizeof digits, "%016llx", static_cast<unsigned long long>(number));
  return digits;
}

// Zero says that there is none.
uint64_t hash_of(std::string_view name) {
  uint64_t hash = base::sip_hash(name);
  return hash ? hash : 1;
}

std::string_view scope_name(Scope scope) {
  switch (scope) {
    case Scope::kCallers:
      return "/callers";
    case Scope::kExternalCallers:
      return "/external-callers";
    case Scope::kArrivals:
      return "/arrivals";
  }
  return "";
}

}  // namespace

SetId::SetId(std::string name) : hash_(hash_of(name)), name_(std::move(name)) {}

SetId SetId::of_hash(uint64_t hash, std::string name) {
  SetId id;
  id.hash_ = hash;
  id.name_ = std::move(name);
  return id;
}

std::string SetId::text() const { return !name_.empty() || !hash_ ? name_ : hexadecimal(hash_); }

SetId set_id(const std::string& service, uint16_t port, Protocol protocol, base::Family family, Scope scope) {
  std::string name = service + ":" + std::to_string(port) + "/" + std::string(protocol_name(protocol)) + "/";
  name += family_name(family);
  return SetId(name + std::string(scope_name(scope)));
}

std::string ServiceSet::key() const { return hexadecimal(id.hash()); }

std::string SourceRange::key() const { return hexadecimal(set.hash()) + "/" + base::to_string(prefix); }

std::string Frontend::key() const { return base::endpoint_text(address, port) + "/" + std::string(protocol_name(protocol)); }

}  // namespace model::desired
