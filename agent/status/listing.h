// Tables that are made when somebody asks: long ones, read from the kernel's maps, filtered, and bounded in rows and time.
#pragma once

#include <functional>
#include <memory>
#include <semaphore>
#include <string>
#include <string_view>
#include <vector>

#include "io/kernel/flow_table.h"
#include "io/service_maps.h"
#include "model/effect.h"
#include "status/filters.h"
#include "status/tables.h"

namespace status {

struct Listing {
  TableView view;        // at most Filters::limit lines, in the order in which they are shown
  uint64_t matched = 0;  // rows that the filters leave, those shown among them
  bool whole = true;     // false: time ran out before all entries were looked at
};

// How the maps are opened, by BPF-ROOT.
struct KernelMaps {
  std::function<base::Result<std::unique_ptr<io::kernel::FlowTable>>(const std::string& bpf_root)> flows;
  std::function<std::unique_ptr<io::ServiceMaps>(const std::string& bpf_root)> services;
  // Those that may look at once: fewer than the server has threads, so that one is left for /readyz.
  std::counting_semaphore<> places{2};
  base::Millis longest_look{1'000};  // for one answer

  KernelMaps();  // what is pinned
};

struct ListingDefinition {
  std::string_view name;
  std::string_view description;  // one sentence
  std::vector<std::string_view> filters;
  base::Result<Listing> (*list)(const model::Published& published, KernelMaps& kernel, const Filters& filters);
};

const std::vector<ListingDefinition>& listings();
const ListingDefinition* find_listing(std::string_view name);

// "12 more; ...", and whether time ran out; "" when everything is shown. One line of ASCII.
std::string listing_note(const ListingDefinition& definition, const Listing& listing);

// Of the map `flows`.
base::Result<Listing> list_connections(const model::Published& published, KernelMaps& kernel, const Filters& filters);
base::Result<Listing> list_nat(const model::Published& published, KernelMaps& kernel, const Filters& filters);
// Of the map `frontend_sets` and those that it leads to.
base::Result<Listing> list_fronts(const model::Published& published, KernelMaps& kernel, const Filters& filters);

}  // namespace status
