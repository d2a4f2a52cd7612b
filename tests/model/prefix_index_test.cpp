// The index against the plain truth: a list of all prefixes, looked through.
#include "model/prefix_index.h"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <set>

namespace {

using base::Cidr;
using model::PrefixIndex;
using Found = std::map<std::string, std::set<std::string>>;

Cidr a_prefix(std::mt19937& random) {
  const bool v4 = random() % 2;
  base::Ip ip = *base::parse_ip(v4 ? "10.0.0.0" : "fd00::");
  for (size_t i = 12; i < 16; ++i) ip.bytes[i] = static_cast<uint8_t>(random() % 4 == 0 ? random() : 0);
  const unsigned width = ip.width();
  return base::canonical({ip, static_cast<uint8_t>(random() % 5 == 0 ? random() % (width + 1) : width - random() % 33)});
}

TEST(ModelPrefixIndex, FindsWhatAListWouldAndOldCopiesStay) {
  std::mt19937 random(11);
  PrefixIndex index;
  std::set<std::pair<Cidr, std::string>> all;
  std::vector<std::pair<PrefixIndex, std::set<std::pair<Cidr, std::string>>>> copies;
  for (int step = 0; step < 3000; ++step) {
    const Cidr prefix = a_prefix(random);
    const std::string key(1, static_cast<char>('a' + random() % 3));
    if (random() % 3 && !all.empty() && step > 1500) {
      const auto victim = *std::next(all.begin(), static_cast<long>(random() % all.size()));
      index.erase(victim.first, victim.second);
      all.erase(victim);
    } else {
      index.insert(prefix, key);
      all.emplace(prefix, key);
    }
    index.erase(a_prefix(random), "never there");
    if (step % 100 == 0) copies.emplace_back(index, all);
  }
  for (const auto& [copy, truth] : copies)
    for (int query = 0; query < 50; ++query) {
      const Cidr prefix = a_prefix(random);
      Found covering, inside, true_covering, true_inside;
      int before = 129;
      copy.covering(prefix, [&](const Cidr& found, const auto& keys) {
        EXPECT_LT(found.length, before);
        before = found.length;
        for (const auto& key : keys) covering[base::to_string(found)].insert(key);
        return true;
      });
      copy.inside(prefix, [&](const Cidr& found, const auto& keys) {
        for (const auto& key : keys) inside[base::to_string(found)].insert(key);
        return true;
      });
      for (const auto& [other, key] : truth) {
        if (other.length <= prefix.length && other.contains(prefix.address)) true_covering[base::to_string(other)].insert(key);
        if (other.length > prefix.length && prefix.contains(other.address)) true_inside[base::to_string(other)].insert(key);
      }
      EXPECT_EQ(covering, true_covering) << base::to_string(prefix);
      EXPECT_EQ(inside, true_inside) << base::to_string(prefix);
    }
}

TEST(ModelPrefixIndex, AVisitorEndsTheSearch) {
  PrefixIndex index;
  for (const char* text : {"10.0.0.0/8", "10.1.0.0/16", "10.1.1.0/24", "10.1.1.1/32"}) index.insert(*base::parse_cidr(text), "x");
  int visits = 0;
  index.covering(*base::parse_cidr("10.1.1.1/32"), [&](const Cidr&, const auto&) { return ++visits < 2; });
  EXPECT_EQ(visits, 2);
  index.inside(*base::parse_cidr("0.0.0.0/0"), [&](const Cidr&, const auto&) { return ++visits < 4; });
  EXPECT_EQ(visits, 4);
  index.covering(*base::parse_cidr("::/0"), [&](const Cidr&, const auto&) { return ++visits, true; });
  index.inside(*base::parse_cidr("::/0"), [&](const Cidr&, const auto&) { return ++visits, true; });
  EXPECT_EQ(visits, 4) << "the families do not meet";
}

}  // namespace
