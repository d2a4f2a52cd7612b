// A base chain on the forward hook; ichor makes none. Keyed by key(): "inet filter forward", as nft(8) names it.
#pragma once

#include <string>

#include "model/table_facts.h"

namespace model {

struct ForwardChain {
  static constexpr TableFacts kTable{"forward_chains", "", "Firewall chains on the kernel's forward hook, whoever made them."};
  std::string family;      // "inet", "ip", "ip6"
  std::string table;       // of ip_tables: "filter"
  std::string name;        // of ip_tables: "FORWARD"
  bool legacy = false;     // of ip_tables, not nftables
  bool has_rules = false;  // an empty chain of policy accept does nothing: iptables makes such ones beside the chain that it was asked for
  bool drops = false;      // its policy
  std::string error;       // not empty: a row that stands for all chains, which could not be read

  bool operator==(const ForwardChain&) const = default;
  std::string key() const {
    return error.empty() ? std::string(legacy ? "legacy " : "") + family + " " + table + " " + name : "unreadable";
  }
  bool is_in_the_way() const { return has_rules || drops || !error.empty(); }
};

}  // namespace model
