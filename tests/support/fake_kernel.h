// A kernel in memory that outlives agents: one map per kind of desired row, stores onto it, and writes that fail on command. Services lie
// in maps in memory, under their real stores.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <tuple>

#include "reconcile/reconciler.h"
#include "support/memory_service_maps.h"

namespace support {

template <class Row>
using RowsByKey = std::map<std::string, Row>;

struct FakeKernel {
  FakeKernel();
  FakeKernel(const FakeKernel&) = delete;

  model::desired::Kinds::Tuple<RowsByKey> rows;
  ServiceMemory services;
  std::function<bool()> fails = [] { return false; };       // asked before each write
  std::function<bool()> unreadable = [] { return false; };  // asked before each read
  std::string_view unreadable_kind;                         // of rows: this one in any case
  std::string_view pending_kind;                            // what is put of this one is under way until conclude()
  std::function<void()> conclude = [] {};
  uint64_t writes = 0;  // without those into the services' maps

  template <class Row>
  std::map<std::string, Row>& of() {
    return std::get<std::map<std::string, Row>>(rows);
  }
  // For a new agent; the clock must outlive it.
  reconcile::Stores stores(const base::BootTime& now);
  uint64_t all_writes() const { return writes + services.all_writes; }
  // What a packet or a restart could tell apart: rows without what only a living process holds.
  std::string text() const;
};

}  // namespace support
