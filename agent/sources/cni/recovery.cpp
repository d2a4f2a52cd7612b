#include "sources/cni/recovery.h"

#include <algorithm>
#include <map>
#include <set>

#include "model/canary.h"
#include "model/host/pod_link.h"

namespace sources::cni {
namespace {

using io::files::UnreadableRecord;
using model::Sandbox;

constexpr const char* kUnrecorded = "no record in the state directory tells of it";

bool contains(const std::vector<base::Ip>& addresses, const base::Ip& ip) {
  return std::find(addresses.begin(), addresses.end(), ip) != addresses.end();
}

Sandbox sandbox_of(const model::desired::SandboxRecord& record) {
  Sandbox sandbox;
  sandbox.identity = record.identity;
  sandbox.addresses = record.addresses;
  sandbox.link_kind = record.link_kind;
  sandbox.complete = true;
  return sandbox;
}

// Whole records by what they speak for: their keys and their links. Also of an unfinished ADD: what it left is not to be kept.
struct Recorded {
  std::set<std::string> keys, links;

  explicit Recorded(const std::vector<model::desired::SandboxRecord>& records) {
    for (const auto& record : records) keys.insert(record.key()), links.insert(model::pod_link_name(record.identity));
  }
};

class Recovery {
 public:
  explicit Recovery(const Remains& remains) : remains_(remains), recorded_(remains.records.records) {
    for (const auto& record : remains.records.unreadable) unreadable_[record.identity.key()] = &record;
  }

  std::vector<Sandbox> run() {
    for (const auto& record : remains_.records.records)
      if (record.complete) kept_.push_back(sandbox_of(record));
    for (const auto& link : remains_.links)
      if (!recorded_.links.contains(link.name)) take_link(link);
    for (const auto& [key, record] : unreadable_) keep(nullptr, record->identity, record);
    return std::move(kept_);
  }

 private:
  void take_link(const model::Link& link) {
    const auto key = model::sandbox_of_alias(link.alias);
    if (!key && !link.alias.empty()) return;           // the canary of an agent that ended
    if (key && recorded_.keys.contains(*key)) return;  // of an earlier ADD of that sandbox
    const auto& addresses = addresses_of(link);
    if (const UnreadableRecord* record = record_of(key, addresses)) {
      taken_.insert(record->identity.key());
      unreadable_.erase(record->identity.key());
      return keep(&link, record->identity, record);
    }
    // DEL takes the ways away first, then the record, and the link last: of one without ways nothing but the link is left to go.
    if (addresses.empty() || contains(addresses, model::kCanaryPodAddress)) return;
    model::SandboxIdentity identity;
    identity.container_id = link.name;
    if (key && taken_.insert(*key).second) {
      identity.container_id = key->substr(0, key->find('/'));
      identity.ifname = key->substr(key->find('/') + 1);
    }
    keep(&link, identity, nullptr);
  }

  const std::vector<base::Ip>& addresses_of(const model::Link& link) const {
    static const std::vector<base::Ip> kNone;
    const auto found = remains_.addresses.find(link.name);
    return found == remains_.addresses.end() ? kNone : found->second;
  }

  // By what the alias says; older versions gave none, and then an address tells.
  const UnreadableRecord* record_of(const std::optional<std::string>& key, const std::vector<base::Ip>& addresses) const {
    if (key) {
      const auto found = unreadable_.find(*key);
      return found == unreadable_.end() ? nullptr : found->second;
    }
    for (const auto& [name, record] : unreadable_)
      for (const auto& ip : record->addresses)
        if (contains(addresses, ip)) return record;
    return nullptr;
  }

  void keep(const model::Link* link, const model::SandboxIdentity& identity, const UnreadableRecord* record) {
    Sandbox sandbox;
    sandbox.identity = identity;
    sandbox.complete = true;
    sandbox.recovered.emplace();
    sandbox.recovered->reason = record ? record->path + ": " + record->text : kUnrecorded;
    sandbox.recovered->has_record_file = record != nullptr;
    if (record) sandbox.addresses = record->addresses;
    if (link) {
      sandbox.recovered->link = link->name;
      sandbox.recovered->host_mac = link->mac;
      sandbox.link_kind = model::link_kind_of(link->kind);
      for (const auto& ip : addresses_of(*link))
        if (!contains(sandbox.addresses, ip)) sandbox.addresses.push_back(ip);
    }
    kept_.push_back(std::move(sandbox));
  }

  const Remains& remains_;
  Recorded recorded_;
  std::map<std::string, const UnreadableRecord*> unreadable_;  // by key: those that no link has been found for yet
  std::set<std::string> taken_;                                // keys that have their link
  std::vector<Sandbox> kept_;
};

}  // namespace

bool has_unrecorded_links(const Remains& remains) {
  const Recorded recorded(remains.records.records);
  return std::any_of(remains.links.begin(), remains.links.end(), [&](const auto& link) { return !recorded.links.contains(link.name); });
}

std::vector<Sandbox> sandboxes_kept(const Remains& remains) { return Recovery(remains).run(); }

}  // namespace sources::cni
