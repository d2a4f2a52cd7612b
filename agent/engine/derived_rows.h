// Rows that planners make for later ones: owned and retracted like what they want of the world. Of several owners of one row the one who
// sorts first counts.
#pragma once

#include <map>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "model/change.h"
#include "model/owner.h"

namespace engine {

class DerivedRows {
 public:
  // Replaces what the owner derived; returns the changes that follow for the tables.
  std::vector<model::Change> replace(const model::Owner& owner, std::vector<model::Change> rows);

 private:
  using Name = std::pair<size_t, std::string>;  // kind, as Change counts it, and key

  model::Change in_force(const Name& name, const model::Change& last) const;

  std::map<Name, std::map<model::Owner, model::Change>> claims_;  // never an empty inner map
  std::unordered_map<model::Owner, std::set<Name>> names_of_;
};

}  // namespace engine
