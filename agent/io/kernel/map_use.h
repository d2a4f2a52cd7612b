// How full the maps of the datapath are, by looking through them: half a microsecond an entry, so not for every question.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/ip.h"
#include "base/result.h"

namespace io::kernel {

struct MapUse {
  std::string map;
  uint64_t entries = 0, room = 0;
  bool forgets = false;  // full is its usual state: the least recently used go
  bool whole = true;     // false: there was no time to count them all
};

// Ports that one of the node's addresses has taken towards one destination.
struct NatUse {
  base::Ip address, destination;
  uint16_t destination_port = 0;  // host order; of ICMP 0
  uint8_t protocol = 0;           // IPPROTO_*
  uint32_t ports = 0;             // of very many destinations at once, some too few: one in 4096 of the entries
};

struct Use {
  std::vector<MapUse> maps;       // those whose fullness says something, sorted
  std::optional<NatUse> busiest;  // the destination that has most; nullopt: no source is translated
  uint64_t memory = 0;            // bytes of the kernel's that all maps take, those too whose fullness says nothing
  base::Millis took{};
};

// What the kernel says that a map takes, in bytes (/proc/PID/fdinfo, `memlock`).
base::Result<uint64_t> memory_of_map(int map_fd);

// ENOENT: no datapath is loaded. Of each map at most for `at_most`.
base::Result<Use> measure_use(const std::string& bpf_root, base::Millis at_most);

}  // namespace io::kernel
