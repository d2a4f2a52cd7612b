#include "sources/api_server/encode.h"

#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include <ctime>

namespace sources::api_server {
namespace {

// Writes into one buffer as it goes: a tree of 10,000 slices of ten endpoints would be four million allocations.
class Writer {
 public:
  template <class Value>
  void member(std::string_view name, const Value& value) {
    json_.Key(name.data(), name.size());
    put(value);
  }
  // Left out where it is empty.
  template <class Value>
  void some(const char* name, const Value& value) {
    if (!value.empty()) member(name, value);
  }
  template <class Members>
  void map(const char* name, Members members) {
    json_.Key(name);
    map(members);
  }
  template <class Members>
  void map(Members members) {
    json_.StartObject();
    members();
    json_.EndObject();
  }
  // each(element) writes it. Left out where it is empty.
  template <class List, class Each>
  void list(const char* name, const List& values, Each each) {
    if (values.empty()) return;
    json_.Key(name);
    json_.StartArray();
    for (const auto& value : values) each(value);
    json_.EndArray();
  }
  void put(const char* text) { json_.String(text); }
  void put(std::string_view text) { json_.String(text.data(), text.size()); }
  void put(bool value) { json_.Bool(value); }
  void put(uint32_t value) { json_.Uint(value); }
  void put(const base::Ip& address) { put(base::to_string(address)); }
  void put(const base::Cidr& prefix) { put(base::to_string(prefix)); }
  template <class Element>
  void put(const std::vector<Element>& values) {
    json_.StartArray();
    for (const auto& value : values) put(value);
    json_.EndArray();
  }
  void put(const model::Labels& labels) {
    map([&] {
      for (const auto& [name, value] : labels) member(name, value);
    });
  }

  std::string text() const { return {buffer_.GetString(), buffer_.GetSize()}; }

 private:
  rapidjson::StringBuffer buffer_;
  rapidjson::Writer<rapidjson::StringBuffer> json_{buffer_};
};

std::string time_text(int64_t seconds) {
  char text[32];
  const time_t time = seconds;
  tm utc{};
  ::gmtime_r(&time, &utc);
  return {text, std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &utc)};
}

void encode(Writer& out, const model::ObjectMeta& meta) {
  out.member("name", meta.name);
  out.some("namespace", meta.ns);
  out.some("uid", meta.uid);
  if (meta.created) out.member("creationTimestamp", time_text(meta.created));
  out.some("labels", meta.labels);
  out.some("annotations", meta.annotations);
}

// [{MEMBER: ...}, ...]
template <class List>
void named(Writer& out, const char* list, const char* member, const List& values) {
  out.list(list, values, [&](const auto& value) { out.map([&] { out.member(member, value); }); });
}

const char* type_name(model::ServiceType type) {
  using enum model::ServiceType;
  return type == kNodePort ? "NodePort" : type == kLoadBalancer ? "LoadBalancer" : type == kExternalName ? "ExternalName" : "ClusterIP";
}

// A name has a letter, a number has none.
void encode_target(Writer& out, const std::string& target) {
  bool is_number = target.find_first_not_of("0123456789") == std::string::npos && target.size() <= 5;
  if (is_number)
    out.member("targetPort", static_cast<uint32_t>(std::stoi(target)));
  else
    out.member("targetPort", target);
}

void encode(Writer& out, const model::ServicePort& port) {
  out.member("protocol", model::protocol_name(port.protocol));
  out.member("port", uint32_t{port.port});
  out.some("name", port.name);
  if (port.node_port) out.member("nodePort", uint32_t{port.node_port});
  if (!port.target_port.empty()) encode_target(out, port.target_port);
}

void encode_spec(Writer& out, const model::Service& service) {
  if (service.headless)
    out.member("clusterIPs", std::vector<std::string>{"None"});
  else
    out.member("clusterIPs", service.cluster_ips);
  if (service.type != model::ServiceType::kClusterIp) out.member("type", type_name(service.type));
  if (service.internal_traffic_policy == model::TrafficPolicy::kLocal) out.member("internalTrafficPolicy", "Local");
  if (service.external_traffic_policy == model::TrafficPolicy::kLocal) out.member("externalTrafficPolicy", "Local");
  if (service.publish_not_ready_addresses) out.member("publishNotReadyAddresses", true);
  out.list("ipFamilies", service.ip_families, [&](base::Family family) { out.put(base::family_name(family)); });
  out.list("ports", service.ports, [&](const auto& port) { out.map([&] { encode(out, port); }); });
  out.some("selector", service.selector);
  out.some("externalIPs", service.external_ips);
  if (service.restricts_sources)
    out.member("loadBalancerSourceRanges",
               service.source_ranges.empty() ? std::vector<std::string>{"unreadable"} : base::to_strings(service.source_ranges));
  if (service.health_check_node_port) out.member("healthCheckNodePort", uint32_t{service.health_check_node_port});
  if (!service.client_ip_affinity_seconds) return;
  out.member("sessionAffinity", "ClientIP");
  out.map("sessionAffinityConfig", [&] { out.map("clientIP", [&] { out.member("timeoutSeconds", service.client_ip_affinity_seconds); }); });
}

void encode(Writer& out, const model::Service& service) {
  out.map("spec", [&] { encode_spec(out, service); });
  if (service.load_balancer_ingress.empty()) return;
  out.map("status", [&] { out.map("loadBalancer", [&] { named(out, "ingress", "ip", service.load_balancer_ingress); }); });
}

// "KIND NAMESPACE/NAME", as decode_endpoint_slice() writes it.
void encode_reference(Writer& out, const std::string& target) {
  size_t space = target.find(' '), slash = target.find('/', space);
  out.member("kind", target.substr(0, space));
  out.member("namespace", target.substr(space + 1, slash - space - 1));
  out.member("name", target.substr(slash + 1));
}

void encode_conditions(Writer& out, const model::Endpoint& endpoint) {
  if (!endpoint.ready) out.member("ready", false);
  if (!endpoint.serving) out.member("serving", false);
  if (endpoint.terminating) out.member("terminating", true);
}

void encode(Writer& out, const model::Endpoint& endpoint) {
  out.member("addresses", std::vector<base::Ip>{endpoint.address});
  if (!endpoint.ready || !endpoint.serving || endpoint.terminating) out.map("conditions", [&] { encode_conditions(out, endpoint); });
  out.some("nodeName", endpoint.node_name);
  out.some("zone", endpoint.zone);
  if (!endpoint.zone_hints.empty() || !endpoint.node_hints.empty()) {
    out.map("hints", [&] {
      named(out, "forZones", "name", endpoint.zone_hints);
      named(out, "forNodes", "name", endpoint.node_hints);
    });
  }
  if (!endpoint.target.empty()) out.map("targetRef", [&] { encode_reference(out, endpoint.target); });
}

void encode(Writer& out, const model::EndpointPort& port) {
  out.member("name", port.name);
  out.member("protocol", model::protocol_name(port.protocol));
  out.member("port", uint32_t{port.port});
}

void encode(Writer& out, const model::EndpointSlice& slice) {
  out.member("addressType", base::family_name(slice.family));
  out.list("ports", slice.ports, [&](const auto& port) { out.map([&] { encode(out, port); }); });
  out.list("endpoints", slice.endpoints, [&](const auto& endpoint) { out.map([&] { encode(out, endpoint); }); });
}

using TypedAddress = std::pair<const char*, base::Ip>;

std::vector<TypedAddress> addresses_of(const model::Node& node) {
  std::vector<TypedAddress> addresses;
  for (const auto& ip : node.internal_ips) addresses.emplace_back("InternalIP", ip);
  for (const auto& ip : node.external_ips) addresses.emplace_back("ExternalIP", ip);
  return addresses;
}

void encode(Writer& out, const model::Node& node) {
  std::vector<const char*> conditions;
  if (node.ready) conditions.push_back("Ready");
  out.map("spec", [&] {
    out.member("podCIDRs", node.pod_cidrs);
    named(out, "taints", "key", node.taint_keys);
  });
  out.map("status", [&] {
    out.list("conditions", conditions, [&](const char* type) { out.map([&] { out.member("type", type), out.member("status", "True"); }); });
    out.list("addresses", addresses_of(node), [&](const TypedAddress& address) {
      out.map([&] { out.member("type", address.first), out.member("address", address.second); });
    });
  });
}

void encode(Writer& out, const model::Pod& pod) {
  out.map("spec", [&] { out.member("nodeName", pod.node_name), out.member("hostNetwork", pod.host_network); });
  out.map("status", [&] {
    out.member("phase", pod.phase);
    named(out, "podIPs", "ip", pod.ips);
  });
}

void encode(Writer&, const model::Namespace&) {}

bool being_deleted(const model::Node& node) { return node.being_deleted; }
bool being_deleted(const auto&) { return false; }

}  // namespace

std::string encode_row(const decode::ObjectRow& row) {
  Writer out;
  out.map([&] {
    std::visit(
        [&](const auto& shared) {
          encode(out, *shared);
          out.map("metadata", [&] {
            encode(out, shared->meta);
            // Only that there is one matters.
            if (being_deleted(*shared)) out.member("deletionTimestamp", "1970-01-01T00:00:00Z");
          });
        },
        row);
  });
  return out.text();
}

}  // namespace sources::api_server
