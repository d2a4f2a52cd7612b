#include "io/kernel/pod_entries.h"

#include <map>
#include <set>

#include "abi/pods.h"
#include "io/kernel/bpf_hash.h"
#include "io/kernel/netlink_rows.h"
#include "model/abi_address.h"

namespace io::kernel {
namespace {

using model::from_abi;
using model::to_abi;
using model::desired::PodEntry;

struct PodMaps {
  HashMap<ip_addr, pod> pods;
  HashMap<pod_source_key, uint32_t> sources;
};

base::Result<PodMaps> open_maps(const std::string& bpf_root) {
  return PodMaps{.pods = TRY((HashMap<ip_addr, pod>::open(bpf_root, "pods"))),
                 .sources = TRY((HashMap<pod_source_key, uint32_t>::open(bpf_root, "pod_sources")))};
}

using SourcesByAddress = std::map<base::Ip, std::set<uint32_t>>;

base::Result<SourcesByAddress> read_sources(const PodMaps& maps) {
  SourcesByAddress links;
  TRY(maps.sources.for_each([&](const pod_source_key& key, uint32_t) { links[from_abi(key.address)].insert(key.ifindex); }));
  return links;
}

// Of all links but one (0: of all).
base::Result<void> forget_sources(const PodMaps& maps, const base::Ip& address, uint32_t but) {
  auto links = TRY(read_sources(maps));
  for (uint32_t ifindex : links[address])
    if (ifindex != but) TRY(maps.sources.erase({.ifindex = ifindex, .address = to_abi(address)}));
  return {};
}

}  // namespace

base::Result<std::vector<PodEntry>> PodEntryStore::list() {
  auto maps = open_maps(bpf_root_);
  if (!maps.ok() && maps.error().code == ENOENT) return std::vector<PodEntry>();
  if (!maps.ok()) return maps.error();

  auto sources = TRY(read_sources(*maps));
  std::vector<PodEntry> rows;
  TRY(maps->pods.for_each([&](const ip_addr& address, const pod& entry) {
    PodEntry row{.address = from_abi(address), .link = {}, .host_mac = from_abi(entry.host_mac), .pod_mac = from_abi(entry.pod_mac)};
    bool agreed = sources[row.address] == std::set<uint32_t>{entry.ifindex};
    row.link = agreed ? link_name(entry.ifindex) : "#" + std::to_string(entry.ifindex);
    sources.erase(row.address);
    rows.push_back(std::move(row));
  }));
  for (const auto& [address, links] : sources)  // of a removal that did not come to its end
    rows.push_back({.address = address, .link = "#" + std::to_string(*links.begin()), .host_mac = {}, .pod_mac = {}});
  return rows;
}

base::Result<void> PodEntryStore::put(const PodEntry& row, const PodEntry* actual) {
  const uint32_t ifindex = TRY(link_number(row.link));
  auto maps = TRY(open_maps(bpf_root_));
  if (actual) TRY(forget_sources(maps, row.address, ifindex));
  TRY(maps.sources.update({.ifindex = ifindex, .address = to_abi(row.address)}, 0));
  return maps.pods.update(to_abi(row.address), {.ifindex = ifindex, .host_mac = to_abi(row.host_mac), .pod_mac = to_abi(row.pod_mac)});
}

base::Result<void> PodEntryStore::remove(const PodEntry& actual) {
  auto maps = TRY(open_maps(bpf_root_));
  TRY(maps.pods.erase(to_abi(actual.address)));
  return forget_sources(maps, actual.address, 0);
}

}  // namespace io::kernel
