#include "status/pressure.h"

#include <algorithm>

#include "status/filters.h"

namespace status {
namespace {

using io::kernel::MapUse;

// Ports that programs give away, by the object that is to be there.
uint32_t nat_ports(const model::Published& published) {
  for (const auto& [key, effect] : published.effects.of<model::desired::DatapathObject>()) {
    const auto* object = std::get_if<model::desired::Shared<model::desired::DatapathObject>>(&effect->desired);
    if (!object || !*object || (*object)->config.last_nat_port == 0) continue;
    return uint32_t{(*object)->config.last_nat_port} - (*object)->config.first_nat_port + 1;
  }
  return 0;
}

std::string used_text(uint64_t part, uint64_t whole, const std::string& what) {
  return std::to_string(part) + " of " + std::to_string(whole) + " " + what + " are taken (" + std::to_string(percent(part, whole)) + " %)";
}

// Which setting makes it larger.
std::string remedy_for(const std::string& table) {
  if (table == "flows") return "see get connections, and which pod opens so many; bpf.ctTcpMax makes it larger";
  for (std::string_view services : {"backends", "frontend_sets", "service_sets", "set_slots", "source_ranges"})
    if (table == services) return "set bpf.lbMapMax higher";
  return "bpf.mapDynamicSizeRatio makes it larger";
}

}  // namespace

int percent(uint64_t part, uint64_t whole) { return whole ? static_cast<int>(part * 100 / whole) : 0; }

Pressure pressure_of(const io::kernel::Use& use, const model::Published& published) {
  Pressure pressure{use.maps, {}, use.memory};
  std::stable_sort(pressure.tables.begin(), pressure.tables.end(), [](const MapUse& a, const MapUse& b) {
    return a.entries * std::max<uint64_t>(b.room, 1) > b.entries * std::max<uint64_t>(a.room, 1);
  });
  if (use.busiest) pressure.nat = NatPorts{*use.busiest, nat_ports(published)};
  return pressure;
}

std::string destination_text(const NatPorts& nat) {
  const auto& busiest = nat.busiest;
  const std::string destination =
      busiest.destination_port ? base::endpoint_text(busiest.destination, busiest.destination_port) : base::to_string(busiest.destination);
  return destination + "/" + protocol_text(busiest.protocol) + " from " + base::to_string(busiest.address);
}

std::vector<model::Problem> pressure_problems(const Pressure& pressure) {
  std::vector<model::Problem> problems;
  for (const auto& table : pressure.tables)
    if (!table.forgets && percent(table.entries, table.room) >= kHighPercent)
      problems.push_back({"table " + table.map, used_text(table.entries, table.room, "entries"), remedy_for(table.map)});
  if (pressure.nat && percent(pressure.nat->busiest.ports, pressure.nat->room) >= kHighPercent)
    problems.push_back(
        {"NAT ports",
         "towards " + destination_text(*pressure.nat) + ": " + used_text(pressure.nat->busiest.ports, pressure.nat->room, "ports"),
         "see get nat: fewer flows to that destination, or more nodes"});
  return problems;
}

}  // namespace status
