// How full the datapath's tables are, and the ports of the node's addresses towards the destination that has most of them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "io/kernel/map_use.h"
#include "model/effect.h"

namespace status {

constexpr int kHighPercent = 90;  // from there on it is a problem

struct NatPorts {
  io::kernel::NatUse busiest;
  uint32_t room = 0;  // ports that one destination can be given; 0: not known
};

struct Pressure {
  std::vector<io::kernel::MapUse> tables;  // the fullest first
  std::optional<NatPorts> nat;             // nullopt: no source is translated
  uint64_t memory = 0;                     // bytes of the kernel's that all maps take
};

Pressure pressure_of(const io::kernel::Use& use, const model::Published& published);

int percent(uint64_t part, uint64_t whole);         // rounded down; 0 of nothing
std::string destination_text(const NatPorts& nat);  // "198.51.100.7:443/TCP from 192.0.2.1"

// A table that forgets is no problem: it makes room itself.
std::vector<model::Problem> pressure_problems(const Pressure& pressure);

}  // namespace status
