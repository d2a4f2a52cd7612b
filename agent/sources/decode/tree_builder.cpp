#include "sources/decode/tree_builder.h"

namespace sources::decode {

bool TreeBuilder::refuse(std::string why) {
  if (refusal_.empty()) refusal_ = std::move(why);
  return false;
}

bool TreeBuilder::key(std::string name) {
  auto& members = open_.back()->get_ref<nlohmann::json::object_t&>();
  auto [member, is_new] = members.try_emplace(std::move(name));
  if (!is_new) return refuse("key \"" + member->first.substr(0, 64) + "\" is there twice");
  slot_ = &member->second;
  return true;
}

nlohmann::json* TreeBuilder::place(nlohmann::json&& value) {
  if (budget_.values == 0) {
    refuse("more than " + std::to_string(kMaxValues) + " values");
    return nullptr;
  }
  --budget_.values;
  if (open_.empty()) {
    root_ = std::move(value);
    return &root_;
  }
  if (open_.back()->is_array()) return &open_.back()->get_ref<nlohmann::json::array_t&>().emplace_back(std::move(value));
  nlohmann::json* slot = std::exchange(slot_, nullptr);
  *slot = std::move(value);
  return slot;
}

bool TreeBuilder::add(nlohmann::json scalar_or_copy) { return place(std::move(scalar_or_copy)) != nullptr; }

bool TreeBuilder::open(nlohmann::json empty_container) {
  if (open_.size() == kMaxDepth) return refuse("nested deeper than " + std::to_string(kMaxDepth) + " levels");
  nlohmann::json* container = place(std::move(empty_container));
  if (!container) return false;
  open_.push_back(container);
  return true;
}

nlohmann::json& TreeBuilder::close() {
  nlohmann::json* complete = open_.back();
  open_.pop_back();
  slot_ = nullptr;
  return *complete;
}

}  // namespace sources::decode
