// Fields of what sources and the engine know besides Kubernetes objects and desired rows. What a row's key says is not said again,
// but for addresses, routes and neighbours, whose keys are made for machines.
#include "status/fields.h"

#include <linux/neighbour.h>
#include <linux/rtnetlink.h>

#include "status/fields_text.h"

namespace status {

using namespace model;

namespace {

std::string scope_name(uint8_t scope) {
  switch (scope) {
    case RT_SCOPE_UNIVERSE:
      return "global";
    case RT_SCOPE_SITE:
      return "site";
    case RT_SCOPE_LINK:
      return "link";
    case RT_SCOPE_HOST:
      return "host";
    default:
      return std::to_string(scope);
  }
}

std::string route_table_name(uint32_t table) {
  switch (table) {
    case RT_TABLE_MAIN:
      return "main";
    case RT_TABLE_LOCAL:
      return "local";
    case RT_TABLE_DEFAULT:
      return "default";
    default:
      return std::to_string(table);
  }
}

std::vector<std::string> neighbor_states(uint16_t state) {
  constexpr std::pair<uint16_t, const char*> kNames[] = {
      {NUD_INCOMPLETE, "incomplete"}, {NUD_REACHABLE, "reachable"}, {NUD_STALE, "stale"}, {NUD_DELAY, "delay"},
      {NUD_PROBE, "probe"},           {NUD_FAILED, "failed"},       {NUD_NOARP, "noarp"}, {NUD_PERMANENT, "permanent"}};
  std::vector<std::string> names;
  for (const auto& [bit, name] : kNames)
    if (state & bit) names.push_back(name);
  return names;
}

std::string class_name(SettingClass kind) {
  switch (kind) {
    case SettingClass::kImplemented:
      return "implemented";
    case SettingClass::kPlanned:
      return "not_there_yet";
    case SettingClass::kWithoutMeaning:
      return "without_meaning";
  }
  return "";
}

}  // namespace

Fields fields(const Link& link) {
  return {{"ifindex", int64_t{link.ifindex}},
          {"kind", link.kind},
          {"alias", link.alias},
          {"mac", base::to_string(link.mac)},
          {"mtu", int64_t{link.mtu}},
          {"up", link.up},
          {"carrier", link.carrier},
          {"loopback", link.loopback},
          {"master", int64_t{link.master}},
          {"type", int64_t{link.type}},
          {"rp_filter", int64_t{link.rp_filter}}};
}

Fields fields(const Address& address) {
  std::vector<std::string> state;
  if (address.secondary) state.emplace_back(address.cidr.address.is_v4() ? "secondary" : "temporary");
  if (address.deprecated) state.emplace_back("deprecated");
  if (address.unusable) state.emplace_back("tentative");
  return {{"link", address.link},
          {"address", base::to_string(address.cidr)},
          {"scope", scope_name(address.scope)},
          {"state", std::move(state)}};
}

Fields fields(const HostRoute& route) {
  return {{"destination", base::to_string(route.destination)},
          {"gateway", address_text(route.gateway)},
          {"link", route.link},
          {"protocol", route_protocol_name(route.protocol)},
          {"type", route_type_name(route.type)},
          {"table", route_table_name(route.table)},
          {"metric", int64_t{route.metric}},
          {"source", address_text(route.source)}};
}

Fields fields(const LostDefaultRoute& lost) { return {{"link", lost.link}, {"since_ms", int64_t{lost.since.count()}}}; }

Fields fields(const ForwardChain& chain) {
  return {{"family", chain.family},       {"table", chain.table},
          {"chain", chain.name},          {"made_by", std::string(chain.legacy ? "ip_tables" : "nftables")},
          {"has_rules", chain.has_rules}, {"policy", std::string(chain.drops ? "drop" : "accept")},
          {"error", chain.error}};
}

Fields fields(const KubeProxyRules& rules) { return {{"family", rules.family}, {"made_by", rules.made_by}}; }

Fields fields(const HostNeighbor& neighbor) {
  return {{"address", base::to_string(neighbor.address)},
          {"link", neighbor.link},
          {"mac", base::to_string(neighbor.mac)},
          {"state", neighbor_states(neighbor.state)}};
}

std::vector<std::string> host_port_texts(const std::vector<HostPort>& ports) {
  std::vector<std::string> texts;
  for (const auto& port : ports)
    texts.push_back((port.host_ip ? base::endpoint_text(*port.host_ip, port.host_port) : std::to_string(port.host_port)) + "->" +
                    std::to_string(port.container_port) + "/" + std::string(protocol_name(port.protocol)));
  return texts;
}

Fields fields(const Sandbox& sandbox) {
  return {{"pod", sandbox.identity.pod()},
          {"addresses", base::to_strings(sandbox.addresses)},
          {"complete", sandbox.complete},
          {"transient", sandbox.transient},
          {"pod_uid", sandbox.identity.pod_uid},
          {"netns", sandbox.identity.netns_path},
          {"host_ports", host_port_texts(sandbox.identity.host_ports)}};
}

Fields fields(const Allocation& allocation) {
  return {{"addresses", base::to_strings(allocation.addresses)}, {"resting", allocation.freed.has_value()}};
}

Fields fields(const Config& config) {
  auto prefix = [](const std::optional<base::Cidr>& cidr) { return cidr ? base::to_string(*cidr) : ""; };
  return {{"ipv4", config.ipv4},
          {"ipv6", config.ipv6},
          {"kube_proxy_replacement", config.kube_proxy_replacement},
          {"auto_direct_node_routes", config.auto_direct_node_routes},
          {"direct_routing_skip_unreachable", config.direct_routing_skip_unreachable},
          {"ipv4_native_routing_cidr", prefix(config.ipv4_native_routing_cidr)},
          {"ipv6_native_routing_cidr", prefix(config.ipv6_native_routing_cidr)},
          {"ipv4_masquerade", config.ipv4_masquerade},
          {"ipv6_masquerade", config.ipv6_masquerade},
          {"egress_masquerade_interfaces", config.egress_masquerade_interfaces},
          {"devices", config.devices},
          {"lb_map_max", int64_t{config.lb_map_max}},
          {"node_ports", std::to_string(config.node_ports.first) + "-" + std::to_string(config.node_ports.last)},
          {"node_port_addresses", base::to_strings(config.node_port_addresses)},
          {"health_check_node_ports", config.health_check_node_ports},
          {"proxy_healthz", config.proxy_healthz ? endpoint_text(config.proxy_healthz->address, config.proxy_healthz->port) : ""},
          {"prometheus", config.prometheus},
          {"prometheus_port", int64_t{config.prometheus_port}},
          {"mtu", int64_t{config.mtu}},
          {"cgroup_root", config.cgroup_root},
          {"k8s_service_host", config.k8s_service_host},
          {"k8s_service_port", int64_t{config.k8s_service_port}},
          {"debug", config.debug}};
}

Fields fields(const Setting& setting) {
  return {{"value", setting.value}, {"class", class_name(setting.kind)}, {"origin", setting.origin}, {"note", setting.note}};
}

Fields fields(const SourceStatus& source) { return {{"synced", source.synced}, {"kept", source.kept}, {"text", source.text}}; }

Fields fields(const CanaryResult& canary) {
  return {{"from_host", canary.from_host},
          {"from_pod", canary.from_pod},
          {"listener", canary.listener_port ? endpoint_text(canary.listener, canary.listener_port) : ""},
          {"error", canary.error}};
}

Fields fields(const UnreadKind& kind) { return {{"objects", static_cast<int64_t>(kind.objects)}}; }

Fields fields(const Problem& problem) { return {{"subject", problem.subject}, {"text", problem.text}, {"remedy", problem.remedy}}; }

}  // namespace status
