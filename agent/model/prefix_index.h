// Which rows lie under which prefix: a persistent path-compressed trie for each family. What covers a prefix and what lies inside it
// are found along its bits, never by looking at all rows; a copy shares all of it.
#pragma once

#include <algorithm>
#include <array>
#include <immer/set.hpp>
#include <memory>
#include <string>
#include <vector>

#include "base/ip.h"

namespace model {

class PrefixIndex {
 public:
  using Keys = immer::set<std::string>;

  // Prefixes are canonical.
  void insert(const base::Cidr& prefix, const std::string& key) { root(prefix) = inserted(root(prefix), prefix, key); }
  void erase(const base::Cidr& prefix, const std::string& key) { root(prefix) = erased(root(prefix), prefix, key); }

  // Those that contain the prefix, itself included, the longest first; visit(prefix, keys) says whether to go on.
  template <class Visit>
  void covering(const base::Cidr& prefix, Visit visit) const {
    std::vector<const Node*> found;
    for (const Node* node = root(prefix).get(); node && covers(node->prefix, prefix);) {
      if (!node->keys.empty()) found.push_back(node);
      node = node->prefix.length < prefix.length ? node->below[bit(prefix.address, node->prefix.length)].get() : nullptr;
    }
    for (auto node = found.rbegin(); node != found.rend(); ++node)
      if (!visit((*node)->prefix, (*node)->keys)) return;
  }
  // Those that are a part of the prefix, itself not included, in order; visit(prefix, keys) says whether to go on.
  template <class Visit>
  void inside(const base::Cidr& prefix, Visit visit) const {
    const Node* node = root(prefix).get();
    while (node && node->prefix.length < prefix.length && covers(node->prefix, prefix))
      node = node->below[bit(prefix.address, node->prefix.length)].get();
    if (node && covers(prefix, node->prefix)) walk(*node, prefix.length, visit);
  }

 private:
  struct Node;
  using NodePtr = std::shared_ptr<const Node>;
  struct Node {
    base::Cidr prefix;
    Keys keys;                       // empty: only a fork
    std::array<NodePtr, 2> below{};  // by the bit that follows the prefix
  };

  // Bits count from 0 in the address's own family.
  static size_t bit(const base::Ip& address, uint8_t index) {
    const size_t place = index + (address.is_v4() ? 96 : 0);
    return address.bytes[place / 8] >> (7 - place % 8) & 1;
  }
  static bool covers(const base::Cidr& wide, const base::Cidr& narrow) {
    return wide.length <= narrow.length && wide.contains(narrow.address);
  }
  static uint8_t common_length(const base::Cidr& a, const base::Cidr& b) {
    uint8_t length = 0;
    while (length < std::min(a.length, b.length) && bit(a.address, length) == bit(b.address, length)) ++length;
    return length;
  }
  static NodePtr with_below(const Node& node, size_t side, NodePtr below) {
    Node copy = node;
    copy.below[side] = std::move(below);
    return std::make_shared<const Node>(std::move(copy));
  }

  static NodePtr inserted(const NodePtr& node, const base::Cidr& prefix, const std::string& key) {
    if (!node) return std::make_shared<const Node>(Node{prefix, Keys{}.insert(key), {}});
    const uint8_t common = common_length(node->prefix, prefix);
    if (common == node->prefix.length) {
      if (common == prefix.length) return std::make_shared<const Node>(Node{prefix, node->keys.insert(key), node->below});
      const size_t side = bit(prefix.address, common);
      return with_below(*node, side, inserted(node->below[side], prefix, key));
    }
    Node fork{base::canonical({prefix.address, common}), {}, {}};
    fork.below[bit(node->prefix.address, common)] = node;
    return inserted(std::make_shared<const Node>(std::move(fork)), prefix, key);
  }
  static NodePtr erased(const NodePtr& node, const base::Cidr& prefix, const std::string& key) {
    if (!node || !covers(node->prefix, prefix)) return node;
    Node left = *node;
    if (node->prefix.length == prefix.length) {
      left.keys = left.keys.erase(key);
    } else {
      NodePtr& below = left.below[bit(prefix.address, node->prefix.length)];
      below = erased(below, prefix, key);
    }
    if (left.keys.empty() && !(left.below[0] && left.below[1])) return left.below[0] ? left.below[0] : left.below[1];
    return std::make_shared<const Node>(std::move(left));
  }
  template <class Visit>
  static bool walk(const Node& node, uint8_t above, Visit& visit) {
    if (node.prefix.length > above && !node.keys.empty() && !visit(node.prefix, node.keys)) return false;
    return std::all_of(node.below.begin(), node.below.end(), [&](const auto& below) { return !below || walk(*below, above, visit); });
  }

  NodePtr& root(const base::Cidr& prefix) { return roots_[prefix.address.is_v4() ? 0 : 1]; }
  const NodePtr& root(const base::Cidr& prefix) const { return roots_[prefix.address.is_v4() ? 0 : 1]; }

  std::array<NodePtr, 2> roots_{};
};

}  // namespace model
