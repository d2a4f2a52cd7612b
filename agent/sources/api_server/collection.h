// All objects as they were reported to the engine, by resource, and what is different from the last time it was asked. A full state
// is laid over what is there: equal rows say nothing, and rows that it does not have go when it is complete, never before.
#pragma once

#include <array>
#include <immer/map.hpp>
#include <map>
#include <string>
#include <unordered_set>
#include <vector>

#include "model/fact.h"
#include "sources/api_server/event.h"

namespace sources::api_server {

// Copies share everything, also with the engine's tables: who keeps one pays for what changes afterwards.
using KindRows = immer::map<std::string, decode::ObjectRow>;
using Rows = std::array<KindRows, decode::kKindCount>;

class Collection {
 public:
  void take(size_t kind, Event event);
  // Rows of an earlier run, for a kind of which no full state has come yet.
  void stand_in(size_t kind, const KindRows& rows);

  const Rows& rows() const { return rows_; }
  bool is_complete(size_t kind) const { return states_[kind].complete; }
  bool has_answered(size_t kind) const { return states_[kind].answered; }
  // Its full state, or rows in its place.
  bool is_known(size_t kind) const { return states_[kind].complete || states_[kind].stood_in; }
  bool stood_in(size_t kind) const { return states_[kind].stood_in; }
  // Grows when a row of a planned kind (resources.h) says something else: another resourceVersion alone is a heartbeat.
  uint64_t revision() const { return revision_; }

  std::vector<model::Change> changes();

 private:
  struct State {
    bool answered = false, complete = false, stood_in = false;  // ever
    bool coming = false;                                        // between Began and Complete
    bool unidentified = false;                                  // something in what comes could not be told to be any object
    std::unordered_set<std::string> seen;                       // keys, while coming
  };

  void apply(size_t kind, Began);
  void apply(size_t kind, Put put);
  void apply(size_t kind, const Gone& gone);
  void apply(size_t kind, const Broken& broken);
  void apply(size_t kind, Complete);
  void apply(size_t kind, Answered) { states_[kind].answered = true; }
  void apply(size_t, const auto&) {}  // how the server is
  void remove(size_t kind, const std::string& key);
  void set_problem(const decode::ObjectId& id, std::optional<model::Problem> problem);

  Rows rows_;
  std::array<State, decode::kKindCount> states_;
  std::map<decode::ObjectId, model::Problem> problems_;  // key "": of what is no object
  std::vector<model::Change> changes_;
  uint64_t revision_ = 0;
};

}  // namespace sources::api_server
