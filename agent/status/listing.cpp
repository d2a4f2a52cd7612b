#include "status/listing.h"

#include "io/kernel/service_maps.h"

namespace status {

KernelMaps::KernelMaps()
    : flows(io::kernel::open_flow_table),
      services([](const std::string& bpf_root) { return std::make_unique<io::kernel::PinnedServiceMaps>(bpf_root); }) {}

const std::vector<ListingDefinition>& listings() {
  static const std::vector<ListingDefinition> kListings{
      {"connections",
       "Flows that are translated, or that came to a pod from outside: the most recently used ones, by what opened them.",
       {"address", "port", "protocol", "state", "limit"},
       &list_connections},
      {"nat",
       "Flows that leave with another source: of pods to the world (masquerade), and of clients to backends elsewhere (service).",
       {"address", "port", "protocol", "state", "limit"},
       &list_nat},
      {"fronts",
       "Every address and port by which the kernel serves a Service or hostPort, with its backends.",
       {"address", "port", "protocol", "namespace", "service", "limit"},
       &list_fronts}};
  return kListings;
}

const ListingDefinition* find_listing(std::string_view name) {
  for (const auto& definition : listings())
    if (definition.name == name) return &definition;
  return nullptr;
}

std::string listing_note(const ListingDefinition& definition, const Listing& listing) {
  std::string note;
  if (const uint64_t more = listing.matched - listing.view.lines.size()) {
    note = std::to_string(more) + " more; leave some out by ";
    for (std::string_view filter : definition.filters)
      if (filter != "limit") note += std::string(filter) + "=, ";
    note += "or see up to " + std::to_string(Filters::kHighestLimit) + " by limit=";
  }
  if (!listing.whole) note += (note.empty() ? "" : "; ") + std::string("time ran out before all entries were looked at");
  return note;
}

}  // namespace status
