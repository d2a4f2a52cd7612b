// A node on which most is well: what status shows in tests.
#pragma once

#include "model/effect.h"
#include "support/builders.h"

namespace support {

inline void put(model::Snapshot& snapshot, const model::Change& change) { snapshot.apply(change); }

inline void put(model::Published& published, model::desired::Row row, const model::Owner& owner,
                model::Outcome outcome = {model::OutcomeState::kDone, "", 0, {}}) {
  std::visit(
      [&]<class Row>(Row& r) {
        auto wanted = std::make_shared<const Row>(std::move(r));
        model::Effect effect{owner, wanted, std::move(outcome)};
        if (effect.outcome.state == model::OutcomeState::kDone) effect.there = wanted;
        published.effects.of<Row>().set(wanted->key(), std::make_shared<const model::Effect>(std::move(effect)));
      },
      row);
}

inline void put_sources(model::Snapshot& snapshot) {
  auto synced = [&](model::SourceId id, const std::string& text) { put(snapshot, model::put(model::SourceStatus{id, true, text})); };
  synced(model::SourceId::kSettings, "31 keys");
  synced(model::SourceId::kObjects, "4 files, 12 objects");
  synced(model::SourceId::kHost, "4 links, 9 routes");
  synced(model::SourceId::kSandboxes, "1 record");
  synced(model::SourceId::kCanary, "");
  put(snapshot, model::put(model::CanaryResult{true, true, "", ip("169.254.42.1"), 4242}));
}

inline void put_settings(model::Snapshot& snapshot) {
  using enum model::SettingClass;
  put(snapshot, model::put(model::Config{}));
  for (const auto& [key, kind] :
       {std::pair("kubeProxyReplacement", kImplemented), {"hubble.enabled", kPlanned}, {"operator.replicas", kWithoutMeaning}})
    put(snapshot, model::put(std::string(key), model::Setting{key, "true", "/etc/ichor/values.yaml:3", kind, ""}));
}

inline model::Published a_quiet_node() {
  using namespace model::desired;
  model::Published published;
  model::Snapshot& snapshot = published.snapshot;
  snapshot.identity.node_name = "one";
  snapshot.now = base::BootTime(100'000);
  published.started = base::BootTime(40'000);
  published.first_ready = base::BootTime(40'350);
  put_sources(snapshot);
  put_settings(snapshot);
  put(snapshot, a_node("one", {"10.244.0.0/24"}, {"192.0.2.1"}));
  put(snapshot, a_node("two", {"10.244.1.0/24"}, {"192.0.2.2"}));
  put(snapshot, a_service("web").address("10.96.0.10").port(80, model::Protocol::kTcp, "http"));
  put(published, DatapathObject{.generation = "abc", .config = {}, .maps = {}}, {"programs", "node"});
  for (const auto& [map, entries] : {std::pair("backends", 16384U), {"pods", 512U}, {"service_sets", 4096U}, {"set_slots", 16384U}})
    put(published, MapSize{map, entries}, {"map_sizes", "node"});
  put(published, Attachment{Hook::kConnect4, "/sys/fs/cgroup", "abc"}, {"programs", "node"});
  put(published, Attachment{Hook::kUplinkIngress, "eth0", "abc"}, {"programs", "node"});
  put(published, Sysctl{{"net", "ipv4", "ip_forward"}, "1", ""}, {"sysctls", "node"});
  put(published, Route{cidr("10.244.1.0/24"), ip("192.0.2.2"), "", {}}, {"routes", "two"});
  ServiceSet web{.id = SetId("default/web:80/TCP/IPv4/callers"), .backends = {{ip("10.244.0.5"), 8080}}};
  put(published, web, {"services", "default/web"});
  put(published, Frontend{.address = ip("10.96.0.10"), .port = 80, .callers = web.id}, {"services", "default/web"});
  return published;
}

}  // namespace support
