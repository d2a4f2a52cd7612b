#include <nlohmann/json.hpp>

#include "abi/drop_reasons.h"
#include "status/advice.h"
#include "status/filters.h"
#include "status/render.h"
#include "status/summary.h"

namespace status {
namespace {

using Json = nlohmann::ordered_json;

Json json_of(const std::vector<Check>& checks) {
  Json array = Json::array();
  for (const auto& check : checks) {
    Json object{{"name", check.name}, {"ok", check.ok}, {"text", check.text}};
    if (!check.ok) object["advice"] = std::string(advice(check.name));
    array.push_back(std::move(object));
  }
  return array;
}

Json json_of(const Summary& summary, const std::vector<Failure>& failures) {
  Json object{{"wanted", summary.wanted}, {"done", summary.done}, {"pending", summary.pending}, {"kept", summary.kept}};
  object["failed"] = Json::array();
  for (const auto& failure : failures)
    object["failed"].push_back(Json{{"thing", failure.thing}, {"error", failure.error}, {"retry", failure.retry}});
  return object;
}

Json json_of(const std::vector<model::Problem>& problems) {
  Json array = Json::array();
  for (const auto& problem : problems)
    array.push_back(Json{{"subject", problem.subject}, {"text", problem.text}, {"remedy", problem.remedy}});
  return array;
}

Json sources_json(const Summary& summary) {
  Json object = Json::object();
  for (const auto& [name, source] : summary.sources)
    object[name] = Json{{"synced", source.synced}, {"kept", source.kept}, {"text", source.text}};
  return object;
}

Json settings_json(const Summary& summary) {
  return {{"files", summary.settings_files},
          {"in_force", summary.settings_in_force.names},
          {"not_there_yet", summary.settings_planned.names},
          {"without_meaning", summary.settings_without_meaning.names}};
}

Json programs_json(const Summary& summary) {
  Json sizes = Json::object();
  for (const auto& [map, entries] : summary.map_sizes) sizes[map] = entries;
  return {{"attached", summary.hooks.names}, {"filters", summary.filters}, {"map_sizes", std::move(sizes)}};
}

Json drops_json(const io::kernel::PacketCounters& packets) {
  Json array = Json::array();
#define X(identifier, name, remedy) array.push_back(Json{{"reason", name}, {"count", packets.drops[identifier]}, {"remedy", remedy}});
  DROP_REASONS(X)
#undef X
  return array;
}

Json deliveries_json(const io::kernel::PacketCounters& packets) {
  return {{"from_uplinks", packets.deliveries[DELIVERED_FROM_UPLINK]},
          {"from_pods", packets.deliveries[DELIVERED_FROM_POD]},
          {"by_stack", packets.deliveries[DELIVERED_BY_STACK]}};
}

Json tables_json(const Pressure& pressure) {
  Json array = Json::array();
  for (const auto& table : pressure.tables)
    array.push_back(Json{{"table", table.map},
                         {"entries", table.entries},
                         {"room", table.room},
                         {"percent", percent(table.entries, table.room)},
                         {"forgets", table.forgets},
                         {"whole", table.whole}});
  return array;
}

Json nat_json(const NatPorts& nat) {
  return {{"protocol", protocol_text(nat.busiest.protocol)},
          {"address", base::to_string(nat.busiest.address)},
          {"destination", base::to_string(nat.busiest.destination)},
          {"destination_port", nat.busiest.destination_port},
          {"ports", nat.busiest.ports},
          {"room", nat.room},
          {"percent", percent(nat.busiest.ports, nat.room)}};
}

Json json_of(const std::vector<KernelSetting>& settings) {
  Json array = Json::array();
  for (const auto& setting : settings)
    array.push_back(Json{{"name", setting.name},
                         {"value", setting.value.empty() ? Json(nullptr) : Json(setting.value)},
                         {"good", setting.good},
                         {"text", setting.text},
                         {"remedy", setting.remedy}});
  return array;
}

Json json_of(const io::kernel::Capabilities& capabilities) {
  Json needed = Json::array();
  for (const auto& capability : io::kernel::needed_capabilities())
    needed.push_back(Json{{"name", capability.name},
                          {"number", capability.number},
                          {"reason", capability.reason},
                          {"held", (capabilities.effective >> capability.number & 1) != 0}});
  return {{"needed", std::move(needed)}, {"others_dropped", io::kernel::only_needed(capabilities)}};
}

}  // namespace

std::string readiness_json(const std::vector<Check>& checks) { return dump(Json{{"ready", ready(checks)}, {"checks", json_of(checks)}}); }

std::string summary_json(const Summary& summary) {
  Json json{{"version", summary.version}, {"node", summary.node}, {"ready", summary.ready}};
  json["checks"] = json_of(summary.checks);
  json["uptime_ms"] = summary.uptime.count();
  json["ready_after_ms"] = summary.ready_after.count() ? Json(summary.ready_after.count()) : Json(nullptr);
  json["sources"] = sources_json(summary);
  json["settings"] = settings_json(summary);
  json["unread_kinds"] = summary.unread_kinds.names;
  json["pods"] = {{"attached", summary.sandboxes}, {"known", summary.pods_known}};
  json["services"] = {
      {"count", summary.services}, {"frontends", summary.frontends}, {"without_endpoints", summary.without_endpoints.names}};
  json["peers"] = {{"count", summary.peers}, {"routes", summary.routes.names}};
  json["programs"] = programs_json(summary);
  json["sysctls"] = summary.sysctls.names;
  const auto& pressure = summary.pressure;
  json["tables"] = pressure ? tables_json(*pressure) : Json(nullptr);
  json["map_memory_bytes"] = pressure ? Json(pressure->memory) : Json(nullptr);
  json["busiest_nat_destination"] = pressure && pressure->nat ? nat_json(*pressure->nat) : Json(nullptr);
  const auto& packets = summary.surroundings.packets;
  json["deliveries"] = packets ? deliveries_json(*packets) : Json(nullptr);
  json["drops"] = packets ? drops_json(*packets) : Json(nullptr);
  json["kernel_settings"] = json_of(summary.surroundings.kernel_settings);
  json["capabilities"] = json_of(summary.surroundings.capabilities.value_or(io::kernel::Capabilities{}));
  json["effects"] = json_of(summary, summary.failures);
  json["problems"] = json_of(summary.problems);
  json["engine"] = {{"passes", summary.counters.passes},
                    {"planner_calls", summary.counters.planner_calls},
                    {"writes", summary.counters.writes},
                    {"failed_writes", summary.counters.failed_writes}};
  json["resident_bytes"] = summary.surroundings.resident_bytes;
  return dump(json);
}

}  // namespace status
