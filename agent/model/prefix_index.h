// Which rows lie under which prefix, as a persistent map: what covers a prefix is found by its length, never by looking at all rows.
#pragma once

#include <immer/map.hpp>
#include <immer/set.hpp>
#include <string>

#include "base/ip.h"

namespace model {

class PrefixIndex {
 public:
  using Keys = immer::set<std::string>;

  void insert(const base::Cidr& prefix, const std::string& key) {
    auto level = of_length(prefix.length);
    const Keys* keys = level.find(prefix);
    by_length_ = by_length_.set(prefix.length, level.set(prefix, (keys ? *keys : Keys{}).insert(key)));
  }
  void erase(const base::Cidr& prefix, const std::string& key) {
    auto level = of_length(prefix.length);
    const Keys* keys = level.find(prefix);
    if (!keys) return;
    Keys rest = keys->erase(key);
    level = rest.empty() ? level.erase(prefix) : level.set(prefix, rest);
    by_length_ = level.empty() ? by_length_.erase(prefix.length) : by_length_.set(prefix.length, level);
  }

  // Those that contain the prefix, itself included, the longest first; visit(prefix, keys) says whether to go on.
  template <class Visit>
  void covering(const base::Cidr& prefix, Visit visit) const {
    for (int length = prefix.length; length >= 0; --length) {
      const auto* level = by_length_.find(static_cast<uint8_t>(length));
      if (!level) continue;
      base::Cidr wider = base::canonical({prefix.address, static_cast<uint8_t>(length)});
      if (const Keys* keys = level->find(wider); keys && !visit(wider, *keys)) return;
    }
  }
  // Those that are a part of the prefix, itself not included, in no order.
  template <class Visit>
  void inside(const base::Cidr& prefix, Visit visit) const {
    for (const auto& [length, level] : by_length_) {
      if (length <= prefix.length) continue;
      for (const auto& [longer, keys] : level)
        if (longer.address.family() == prefix.address.family() && prefix.contains(longer.address)) visit(longer, keys);
    }
  }

 private:
  using Level = immer::map<base::Cidr, Keys>;
  Level of_length(uint8_t length) const {
    const Level* level = by_length_.find(length);
    return level ? *level : Level{};
  }

  immer::map<uint8_t, Level> by_length_;
};

}  // namespace model
