// Who wants which row. Several owners may ask for the same key; the owner whose name sorts first gets it, whatever the order in
// which they asked, and the others are told.
#pragma once

#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

namespace reconcile {

template <class Row>
class Claims {
 public:
  using RowPtr = std::shared_ptr<const Row>;
  struct Winner {
    std::string owner;
    RowPtr row;
  };

  // Replaces what the owner asked for; returns the keys whose winner may have changed, in the order of `rows`, gone ones last.
  std::vector<std::string> replace(const std::string& owner, std::vector<RowPtr> rows) {
    std::vector<std::string> touched, now;
    auto old = keys_of_.find(owner);
    if (rows.empty() && old == keys_of_.end()) return touched;
    for (auto& row : rows) {
      std::string key = row->key();
      now.push_back(key);
      RowPtr& claim = claims_[key][owner];
      if (claim && *claim == *row && !differs_beyond_comparison(*claim, *row)) continue;
      claim = std::move(row);
      touched.push_back(std::move(key));
    }
    if (old != keys_of_.end()) {
      for (const auto& key : old->second)
        if (std::find(now.begin(), now.end(), key) == now.end()) withdraw(key, owner), touched.push_back(key);
    }
    if (now.empty())
      keys_of_.erase(owner);
    else
      keys_of_[owner] = std::move(now);
    return touched;
  }

  const RowPtr* find(const std::string& key) const {
    auto found = claims_.find(key);
    return found == claims_.end() ? nullptr : &found->second.begin()->second;
  }
  const std::string* owner_of(const std::string& key) const {
    auto found = claims_.find(key);
    return found == claims_.end() ? nullptr : &found->second.begin()->first;
  }
  // Owners who asked for the key and did not get it.
  std::vector<std::string> losers(const std::string& key) const {
    std::vector<std::string> owners;
    auto found = claims_.find(key);
    if (found == claims_.end()) return owners;
    for (auto it = std::next(found->second.begin()); it != found->second.end(); ++it) owners.push_back(it->first);
    return owners;
  }
  const std::vector<std::string>& keys_of(const std::string& owner) const {
    static const std::vector<std::string> kNone;
    auto found = keys_of_.find(owner);
    return found == keys_of_.end() ? kNone : found->second;
  }

 private:
  // A fresh namespace makes a pod link another one although nothing comparable differs.
  static bool differs_beyond_comparison(const Row& a, const Row& b) {
    if constexpr (requires { a.netns; })
      return a.netns != b.netns;
    else
      return false;
  }
  void withdraw(const std::string& key, const std::string& owner) {
    auto found = claims_.find(key);
    found->second.erase(owner);
    if (found->second.empty()) claims_.erase(found);
  }

  std::unordered_map<std::string, std::map<std::string, RowPtr>> claims_;  // key -> owner -> row; never an empty inner map
  std::unordered_map<std::string, std::vector<std::string>> keys_of_;      // owner -> keys
};

}  // namespace reconcile
