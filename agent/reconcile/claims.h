// Who wants which row. Several owners may ask for the same key; the row of the lowest rank gets it, between equals that of the owner
// who sorts first, whatever the order in which they asked, and all of them are told.
#pragma once

#include <algorithm>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "model/desired/kind_facts.h"
#include "model/owner.h"

namespace reconcile {

template <class Row>
class Claims {
 public:
  using RowPtr = std::shared_ptr<const Row>;
  using Owner = model::Owner;

  // Replaces what the owner asked for; returns the keys whose winner may have changed, in the order of `rows`, gone ones last.
  std::vector<std::string> replace(const Owner& owner, std::vector<RowPtr> rows) {
    std::vector<std::string> touched, now;
    auto old = keys_of_.find(owner);
    if (rows.empty() && old == keys_of_.end()) return touched;
    for (auto& row : rows) {
      std::string key = row->key();
      now.push_back(key);
      if (put(claims_[key], owner, std::move(row))) touched.push_back(std::move(key));
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
    return found == claims_.end() ? nullptr : &found->second.front().row;
  }
  const Owner* owner_of(const std::string& key) const {
    auto found = claims_.find(key);
    return found == claims_.end() ? nullptr : &found->second.front().owner;
  }
  // Owners who asked for the key and did not get it.
  std::vector<Owner> losers(const std::string& key) const {
    std::vector<Owner> owners;
    auto found = claims_.find(key);
    if (found == claims_.end()) return owners;
    for (size_t i = 1; i < found->second.size(); ++i) owners.push_back(found->second[i].owner);
    return owners;
  }
  const std::vector<std::string>& keys_of(const Owner& owner) const {
    static const std::vector<std::string> kNone;
    auto found = keys_of_.find(owner);
    return found == keys_of_.end() ? kNone : found->second;
  }

 private:
  struct Claim {
    Owner owner;
    RowPtr row;
  };
  using OfKey = std::vector<Claim>;  // by precedence; most keys have one

  static bool precedes(const Claim& a, const Claim& b) {
    if constexpr (requires { a.row->rank(); })
      if (a.row->rank() != b.row->rank()) return a.row->rank() < b.row->rank();
    return a.owner < b.owner;
  }
  // False: it was so already.
  static bool put(OfKey& claims, const Owner& owner, RowPtr row) {
    auto old = std::find_if(claims.begin(), claims.end(), [&](const Claim& claim) { return claim.owner == owner; });
    if (old != claims.end()) {
      if (*old->row == *row && !differs_beyond_comparison(*old->row, *row)) return false;
      claims.erase(old);
    }
    Claim claim{owner, std::move(row)};
    claims.insert(std::lower_bound(claims.begin(), claims.end(), claim, precedes), claim);
    return true;
  }
  // A fresh namespace makes a pod link another one although nothing comparable differs.
  static bool differs_beyond_comparison(const Row& a, const Row& b) {
    if constexpr (Row::kFacts.made_in == model::desired::MadeIn::kPodNamespace)
      return a.netns != b.netns;
    else if constexpr (requires { a.rank(); })
      return a.rank() != b.rank();
    else
      return false;
  }
  void withdraw(const std::string& key, const Owner& owner) {
    auto found = claims_.find(key);
    if (found == claims_.end()) return;  // an owner may have asked for it twice
    std::erase_if(found->second, [&](const Claim& claim) { return claim.owner == owner; });
    if (found->second.empty()) claims_.erase(found);
  }

  std::unordered_map<std::string, OfKey> claims_;  // never an empty list
  std::unordered_map<Owner, std::vector<std::string>> keys_of_;
};

}  // namespace reconcile
