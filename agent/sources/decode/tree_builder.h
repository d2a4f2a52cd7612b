// Builds one JSON tree from parser events, for the JSON and the YAML parser alike, within a Budget. After a call has returned
// false nothing more may be added, and refusal() says why.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "sources/decode/budget.h"

namespace sources::decode {

class TreeBuilder {
 public:
  explicit TreeBuilder(Budget& budget) : budget_(budget) {}

  bool key(std::string name);
  bool add(nlohmann::json scalar_or_copy);
  bool open(nlohmann::json empty_container);
  nlohmann::json& close();  // the container that is complete now

  bool wants_key() const { return !open_.empty() && open_.back()->is_object() && !slot_; }
  const std::string& refusal() const { return refusal_; }
  bool refuse(std::string why);
  nlohmann::json take() { return std::move(root_); }

 private:
  nlohmann::json* place(nlohmann::json&& value);

  Budget& budget_;
  nlohmann::json root_;
  std::vector<nlohmann::json*> open_;  // only the innermost one grows, so that no pointer here goes stale
  nlohmann::json* slot_ = nullptr;     // where the value of the key just read goes
  std::string refusal_;
};

}  // namespace sources::decode
