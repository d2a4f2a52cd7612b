// A kernel in memory that outlives agents: one map per kind of desired row, stores onto it, and writes that fail on command.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <tuple>

#include "reconcile/reconciler.h"

namespace support {

template <class Row>
using RowsByKey = std::map<std::string, Row>;

struct FakeKernel {
  model::desired::Kinds::Tuple<RowsByKey> rows;
  std::function<bool()> fails = [] { return false; };                                              // asked before each write
  std::function<bool(std::string_view kind)> unreadable = [](std::string_view) { return false; };  // asked before each list
  std::function<bool(std::string_view kind)> under_way = [](std::string_view) { return false; };   // asked before each put
  std::function<void()> conclude = [] {};                                                          // ends what is under way
  uint64_t writes = 0;

  template <class Row>
  std::map<std::string, Row>& of() {
    return std::get<std::map<std::string, Row>>(rows);
  }
  reconcile::Stores stores();
  // What a packet or a restart could tell apart: rows without what only a living process holds.
  std::string text() const;
};

}  // namespace support
