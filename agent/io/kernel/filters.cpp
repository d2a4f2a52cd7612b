#include "io/kernel/filters.h"

#include "io/kernel/bpf_pins.h"
#include "io/kernel/clsact.h"
#include "io/kernel/netkit.h"
#include "io/kernel/netlink_rows.h"
#include "model/host/pod_link.h"

namespace io::kernel {
namespace {

using model::desired::Filter;
using model::desired::FilterSide;

bool is_on_netkit(const model::Link& link, FilterSide side) {
  return side == FilterSide::kFromPod && link.kind == model::link_kind_name(model::LinkKind::kNetkit);
}

std::string describe(const char* program, const Filter& row) { return std::string(program) + " on link " + row.link; }

}  // namespace

base::Result<std::vector<Filter>> FilterStore::list() {
  auto generations = TRY(generations_by_program(bpf_root_));
  Netlink netlink = TRY(Netlink::open());
  std::vector<Filter> rows;
  for (const auto& [link, peer_ifindex, peer_netns] : TRY(read_links(netlink))) {
    if (!model::is_pod_link(link)) continue;
    for (FilterSide side : {FilterSide::kFromPod, FilterSide::kToPod}) {
      auto program = is_on_netkit(link, side) ? netkit::program_on(link.ifindex) : clsact::program_on(netlink, link.ifindex, side);
      if (!program.ok() && program.error().code == ENODEV) continue;  // the link went meanwhile
      if (!program.ok()) return base::with_context(program.error(), "filters of link " + link.name);
      if (*program == 0) continue;
      auto found = generations.find(*program);
      rows.push_back({.link = link.name, .side = side, .generation = found == generations.end() ? "?" : found->second});
    }
  }
  return rows;
}

base::Result<void> FilterStore::put(const Filter& row, const Filter*) {
  Netlink netlink = TRY(Netlink::open());
  const model::Link link = TRY(read_link(netlink, row.link)).row;
  const bool on_netkit = is_on_netkit(link, row.side);
  const char* name = on_netkit ? netkit::kProgram : clsact::program_of(row.side);
  base::Fd program = TRY(open_program(bpf_root_, row.generation, name));
  TRY_IN(on_netkit ? netkit::attach(link.ifindex, program.get())
                   : clsact::attach(netlink, link.ifindex, row.side, program.get(), row.generation),
         describe(name, row));
  return {};
}

base::Result<void> FilterStore::remove(const Filter& actual) {
  Netlink netlink = TRY(Netlink::open());
  auto found = read_link(netlink, actual.link);
  if (!found && found.error().code == ENODEV) return {};
  const model::Link link = TRY(std::move(found)).row;
  TRY_IN(is_on_netkit(link, actual.side) ? netkit::detach(link.ifindex) : clsact::detach(netlink, link.ifindex, actual.side),
         "filter of link " + actual.link);
  return {};
}

}  // namespace io::kernel
