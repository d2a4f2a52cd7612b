#include "model/host/pod_link.h"

#include <cstdio>

#include "base/text.h"

namespace model {
namespace {

constexpr std::string_view kAliasOfPod = "ichor pod ";
constexpr std::string_view kAliasOfCanary = "ichor canary";

uint64_t hash_of(const SandboxIdentity& identity) { return base::stable_hash(identity.key() + "#" + std::to_string(identity.incarnation)); }

}  // namespace

std::string pod_link_alias(const Sandbox& sandbox) {
  return sandbox.transient ? std::string(kAliasOfCanary) : std::string(kAliasOfPod) + sandbox.key();
}

std::optional<std::string> sandbox_of_alias(std::string_view alias) {
  if (!alias.starts_with(kAliasOfPod)) return std::nullopt;
  const std::string_view key = alias.substr(kAliasOfPod.size());
  const size_t slash = key.find('/');
  if (slash == 0 || slash == std::string_view::npos || slash + 1 == key.size()) return std::nullopt;
  return std::string(key);
}

bool is_pod_link(const Link& link) {
  return is_pod_link_name(link.name) || link.alias == kAliasOfCanary || sandbox_of_alias(link.alias).has_value();
}

std::string pod_link_name(const SandboxIdentity& identity) {
  char digits[kPodLinkDigits + 1];
  std::snprintf(digits, sizeof digits, "%012llx", static_cast<unsigned long long>(hash_of(identity) >> 16));
  return std::string(kPodLinkPrefix) + digits;
}

// Locally administered and unicast (IEEE 802 section 8.2); the last bit tells the two ends apart.
base::Mac pod_link_mac(const SandboxIdentity& identity, LinkEnd end) {
  const uint64_t hash = hash_of(identity);
  base::Mac mac;
  mac.bytes[0] = 0x02;
  for (size_t i = 1; i < 6; ++i) mac.bytes[i] = static_cast<uint8_t>(hash >> (8 * i));
  mac.bytes[5] &= 0xfe;
  return end == LinkEnd::kNode ? mac : pod_end_mac(mac);
}

base::Mac pod_end_mac(const base::Mac& node_end) {
  base::Mac mac = node_end;
  mac.bytes[5] |= 1;
  return mac;
}

}  // namespace model
