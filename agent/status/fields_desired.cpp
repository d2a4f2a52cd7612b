// Fields of desired rows. A row's key stands beside them, but here keys are made for maps and not for people, so they are said again.
#include "status/fields.h"
#include "status/fields_text.h"

namespace status {

using namespace model;

namespace {

using namespace desired;

Fields row_fields(const SandboxRecord& record) {
  return {{"pod", record.identity.pod()},
          {"addresses", base::to_strings(record.addresses)},
          {"link", std::string(link_kind_name(record.link_kind))},
          {"complete", record.complete},
          {"pod_uid", record.identity.pod_uid},
          {"netns", record.identity.netns_path}};
}

Fields row_fields(const Sysctl& sysctl) { return {{"value", sysctl.value}, {"only_from", sysctl.only_from}}; }

Fields row_fields(const DatapathObject& object) {
  std::vector<std::string> maps;
  for (const auto& map : object.maps) maps.push_back(map.map + "=" + std::to_string(map.entries));
  return {{"maps", std::move(maps)}};
}

Fields row_fields(const MapSize& size) { return {{"entries", int64_t{size.entries}}}; }

Fields row_fields(const NodeAddress& address) { return {{"peer", address.peer}, {"host_only", address.host_only}}; }
// Its reason is not shown: a row that compares equal is not written again, so the first reason would stay when another takes its place.
Fields row_fields(const Unmasqueraded& destination) {
  return {{"family", std::string(base::family_name(destination.prefix.address.family()))}};
}
Fields row_fields(const MasqueradeSource& source) {
  return {{"uplink", source.uplink}, {"address", base::to_string(source.address)}, {"for_pods", source.for_pods}};
}
Fields row_fields(const DirectDelivery& delivery) {
  std::vector<std::string> by_stack;
  for (const auto& [way, reason] : delivery.by_stack) by_stack.push_back(way_name(way) + ": " + reason);
  return {{"by_stack", std::move(by_stack)},
          {"kernel_translates", delivery.kernel_translates},
          {"pod_cidrs", base::to_strings(delivery.pod_cidrs)},
          {"own_addresses", base::to_strings(delivery.own_addresses)}};
}

std::vector<std::string> endpoint_texts(const std::vector<Backend>& backends) {
  std::vector<std::string> texts;
  for (const auto& backend : backends) texts.push_back(endpoint_text(backend.address, backend.port));
  return texts;
}

Fields row_fields(const ServiceSet& set) {
  return {{"name", set.id.text()},
          {"backends", endpoint_texts(set.backends)},
          {"leaving", endpoint_texts(set.leaving)},
          {"endpoints_elsewhere", set.endpoints_elsewhere},
          {"external_local", set.external_local},
          {"affinity_seconds", int64_t{set.affinity_seconds}}};
}

Fields row_fields(const SourceRange& range) { return {{"set", range.set.text()}, {"prefix", base::to_string(range.prefix)}}; }

std::string_view sole_name(Sole sole) {
  switch (sole) {
    case Sole::kOutside:
      return "outside";
    case Sole::kEverybody:
      return "everybody";
    default:
      return "";
  }
}

Fields row_fields(const Frontend& frontend) {
  return {{"callers", frontend.callers.text()},
          {"arrivals", frontend.arrivals.text()},
          {"restricted", frontend.restricted},
          {"sole", std::string(sole_name(frontend.sole))}};
}

Fields row_fields(const Attachment& attachment) {
  return {{"hook", std::string(facts_of(attachment.hook).name)}, {"target", attachment.target}, {"generation", attachment.generation}};
}

Fields row_fields(const PodLink& link) {
  return {{"alias", link.alias},
          {"ifname", link.ifname},
          {"kind", std::string(link_kind_name(link.kind))},
          {"addresses", base::to_strings(link.addresses)},
          {"host_mac", base::to_string(link.host_mac)},
          {"pod_mac", base::to_string(link.pod_mac)},
          {"mtu", int64_t{link.mtu}}};
}

Fields row_fields(const Filter& filter) {
  return {{"link", filter.link},
          {"side", std::string(filter.side == FilterSide::kFromPod ? "from_pod" : "to_pod")},
          {"generation", filter.generation}};
}

Fields row_fields(const PodEntry& entry) {
  return {{"link", entry.link}, {"host_mac", base::to_string(entry.host_mac)}, {"pod_mac", base::to_string(entry.pod_mac)}};
}

Fields row_fields(const Route& route) {
  return {{"gateway", address_text(route.gateway)},
          {"link", route.link},
          {"source", address_text(route.source)},
          {"type", std::string(route.type == RouteType::kUnicast ? "unicast" : "unreachable")},
          {"metric", int64_t{route.metric}}};
}

Fields row_fields(const Neighbor& neighbor) {
  return {{"link", neighbor.link}, {"address", base::to_string(neighbor.address)}, {"mac", base::to_string(neighbor.mac)}};
}

Fields row_fields(const HealthCheck& check) {
  return {{"service", check.service}, {"local_endpoints", int64_t{check.local_endpoints}}, {"node_eligible", check.node_eligible}};
}

Fields row_fields(const MetricsListener&) { return {}; }  // its key says it all

Fields row_fields(const File& file) { return {{"bytes", static_cast<int64_t>(file.content.size())}, {"content", file.content}}; }

Fields row_fields(const StatusPatch& patch) {
  return {{"object", patch.kind + " " + (patch.ns.empty() ? "" : patch.ns + "/") + patch.name}, {"status", patch.status}};
}

}  // namespace

Fields fields(const desired::Row& row) {
  return std::visit([](const auto& alternative) { return row_fields(alternative); }, row);
}

Fields fields(const desired::SharedRow& row) {
  return std::visit([](const auto& shared) { return shared ? row_fields(*shared) : Fields{}; }, row);
}

}  // namespace status
