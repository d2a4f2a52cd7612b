// Builds one tree from parser events, for the JSON and the YAML parser alike, within a Budget. Tree says what the tree is made of; see
// JsonTree. After a call has returned false nothing more may be added, and refusal() says why.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "base/text.h"
#include "sources/decode/budget.h"

namespace sources::decode {

struct JsonTree {
  using Value = nlohmann::json;
  struct Names {};  // of an open map's keys, where the map itself does not find them

  static Value empty_map() { return Value::object(); }
  static Value empty_list() { return Value::array(); }
  static Value scalar(Value typed, const std::string& /*as written*/) { return typed; }
  static bool is_null(const Value& value) { return value.is_null(); }
  static bool is_map(const Value& value) { return value.is_object(); }
  static bool is_list(const Value& value) { return value.is_array(); }
  static Value& append(Value& list, Value&& value) { return list.get_ref<nlohmann::json::array_t&>().emplace_back(std::move(value)); }
  // The place of a new member's value; null: it is there already.
  static Value* member(Value& map, Names&, const std::string& name, int /*line*/) {
    auto [member, is_new] = map.get_ref<nlohmann::json::object_t&>().try_emplace(name);
    return is_new ? &member->second : nullptr;
  }
  static Value take(Value& map, const std::string& name) {
    Value value = std::move(map[name]);
    map.erase(name);
    return value;
  }
  static void add_missing(Value& map, Value&& from) {
    map.get_ref<nlohmann::json::object_t&>().merge(from.get_ref<nlohmann::json::object_t&>());
  }
  static std::vector<Value> items(Value&& list) { return std::move(list.get_ref<std::vector<Value>&>()); }
  static size_t bytes(const Value& value);  // that a copy takes, roughly
};

template <class Tree>
class TreeBuilder {
 public:
  using Value = typename Tree::Value;

  explicit TreeBuilder(Budget& budget, Tree tree = {}) : budget_(budget), tree_(std::move(tree)) {}

  bool key(const std::string& name, int line = 0) {
    slot_ = tree_.member(*open_.back().value, open_.back().names, name, line);
    return slot_ || refuse("key \"" + base::printable(name, 64) + "\" is there twice");
  }
  bool add(Value scalar_or_copy) { return place(std::move(scalar_or_copy)) != nullptr; }
  bool open(Value empty_container) {
    if (open_.size() == kMaxDepth) return refuse("nested deeper than " + std::to_string(kMaxDepth) + " levels");
    Value* container = place(std::move(empty_container));
    if (container) open_.push_back({container, {}});
    return container;
  }
  Value& close() {  // the container that is complete now
    Value* complete = open_.back().value;
    open_.pop_back();
    slot_ = nullptr;
    return *complete;
  }

  bool wants_key() const { return !open_.empty() && Tree::is_map(*open_.back().value) && !slot_; }
  const std::string& refusal() const { return refusal_; }
  bool refuse(std::string why) {
    if (refusal_.empty()) refusal_ = std::move(why);
    return false;
  }
  Value take() { return std::move(root_); }

 private:
  struct Open {
    Value* value;
    typename Tree::Names names;
  };

  Value* place(Value&& value) {
    if (budget_.left.values == 0) {
      refuse("more than " + std::to_string(budget_.limits.values) + " values");
      return nullptr;
    }
    --budget_.left.values;
    if (open_.empty()) {
      root_ = std::move(value);
      return &root_;
    }
    if (Tree::is_list(*open_.back().value)) return &Tree::append(*open_.back().value, std::move(value));
    Value* slot = std::exchange(slot_, nullptr);
    *slot = std::move(value);
    return slot;
  }

  Budget& budget_;
  Tree tree_;
  Value root_;
  std::vector<Open> open_;  // only the innermost one grows, so that no pointer here goes stale
  Value* slot_ = nullptr;   // where the value of the key just read goes
  std::string refusal_;
};

}  // namespace sources::decode
