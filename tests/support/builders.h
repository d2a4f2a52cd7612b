// Rows for tests, said the way a person would: a_service("web").port(80).ip("10.96.0.1").
#pragma once

#include <string>
#include <vector>

#include "model/fact.h"

namespace support {

inline base::Ip ip(const std::string& text) { return *base::parse_ip(text); }
inline base::Cidr cidr(const std::string& text) { return *base::parse_cidr(text); }

struct a_service {
  model::Service row;
  explicit a_service(const std::string& name) {
    row.meta.ns = "default";
    row.meta.name = name;
  }
  a_service& address(const std::string& text) {
    row.cluster_ips.push_back(ip(text));
    return *this;
  }
  a_service& port(uint16_t port, model::Protocol protocol = model::Protocol::kTcp, const std::string& name = "") {
    row.ports.push_back({name, protocol, port, 0, ""});
    return *this;
  }
  a_service& label(const std::string& key, const std::string& value) {
    row.meta.labels[key] = value;
    return *this;
  }
  operator model::Change() const { return model::put(row.meta.key(), row); }
};

struct a_slice {
  model::EndpointSlice row;
  a_slice(const std::string& service, const std::string& name, base::Family family = base::Family::kIpv4) {
    row.meta.ns = "default";
    row.meta.name = name;
    row.service = "default/" + service;
    row.family = family;
  }
  a_slice& port(uint16_t port, model::Protocol protocol = model::Protocol::kTcp, const std::string& name = "") {
    row.ports.push_back({name, protocol, port});
    return *this;
  }
  a_slice& endpoint(const std::string& text, bool ready = true, bool serving = true, bool terminating = false) {
    model::Endpoint endpoint;
    endpoint.address = ip(text);
    endpoint.ready = ready;
    endpoint.serving = serving;
    endpoint.terminating = terminating;
    row.endpoints.push_back(endpoint);
    return *this;
  }
  operator model::Change() const { return model::put(row.meta.key(), row); }
};

inline model::Change a_node(const std::string& name, const std::vector<std::string>& pod_cidrs, const std::vector<std::string>& addresses) {
  model::Node node;
  node.meta.name = name;
  for (const auto& text : pod_cidrs) node.pod_cidrs.push_back(cidr(text));
  for (const auto& text : addresses) node.internal_ips.push_back(ip(text));
  return model::put(name, node);
}

inline model::Change a_link(const std::string& name, uint32_t mtu = 1500) {
  model::Link link;
  link.name = name;
  link.ifindex = 2;
  link.mtu = mtu;
  link.up = true;
  return model::put(name, link);
}

inline model::Change an_address(const std::string& link, const std::string& text) {
  return model::put(link + " " + text, model::Address{link, cidr(text), 0});
}

// Somebody else's, in the main table.
inline model::Change a_route(const std::string& destination, const std::string& gateway, const std::string& link, uint32_t metric = 0) {
  constexpr uint8_t kStatic = 4, kUnicast = 1;  // RTPROT_STATIC, RTN_UNICAST
  model::HostRoute route{cidr(destination), gateway.empty() ? base::Ip{} : ip(gateway), link, kStatic, kUnicast, model::kMainTable, metric};
  std::string via = gateway.empty() ? "" : " via " + gateway;
  return model::put("254 " + destination + via + " dev " + link + " metric " + std::to_string(metric), route);
}

inline model::Sandbox a_sandbox(const std::string& container) {
  model::Sandbox sandbox;
  sandbox.identity.container_id = container;
  sandbox.identity.ifname = "eth0";
  sandbox.identity.pod_namespace = "default";
  sandbox.identity.pod_name = "pod-" + container;
  sandbox.identity.incarnation = 1;
  return sandbox;
}
inline model::Change the_sandbox(const model::Sandbox& sandbox) { return model::put(sandbox.key(), sandbox); }

inline model::Change synced(model::SourceId id) { return model::put(model::SourceStatus{id, true, ""}); }

inline std::vector<model::Change> all_synced() {
  using enum model::SourceId;
  return {synced(kSettings), synced(kObjects), synced(kHost), synced(kSandboxes), synced(kCanary), model::put(model::Config{})};
}

}  // namespace support
