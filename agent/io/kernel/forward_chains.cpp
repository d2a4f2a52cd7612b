#include "io/kernel/forward_chains.h"

#include <arpa/inet.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter_ipv4/ip_tables.h>
#include <linux/netfilter_ipv6/ip6_tables.h>
#include <netlink/attr.h>
#include <sys/socket.h>

#include <cstring>
#include <fstream>

namespace io::kernel {
namespace {

using model::ForwardChain;

uint32_t number(nlattr* attribute) {
  if (!attribute || nla_len(attribute) < 4) return 0;
  uint32_t value_be;
  std::memcpy(&value_be, nla_data(attribute), sizeof value_be);
  return ntohl(value_be);
}

std::string text(nlattr* attribute) {
  if (!attribute) return {};
  const char* start = static_cast<const char*>(nla_data(attribute));
  return std::string(start, strnlen(start, nla_len(attribute)));
}

const char* family_of_table(uint8_t family) {
  switch (family) {
    case NFPROTO_INET:
      return "inet";
    case NFPROTO_IPV4:
      return "ip";
    case NFPROTO_IPV6:
      return "ip6";
    default:
      return nullptr;
  }
}

std::optional<ForwardChain> decode_chain(nlmsghdr* message) {
  nlattr* attributes[NFTA_CHAIN_MAX + 1];
  nlattr* hook[NFTA_HOOK_MAX + 1];
  if (nlmsg_parse(message, sizeof(nfgenmsg), attributes, NFTA_CHAIN_MAX, nullptr) != 0 || !attributes[NFTA_CHAIN_HOOK] ||
      nla_parse_nested(hook, NFTA_HOOK_MAX, attributes[NFTA_CHAIN_HOOK], nullptr) != 0)
    return std::nullopt;
  const char* family = family_of_table(static_cast<const nfgenmsg*>(nlmsg_data(message))->nfgen_family);
  if (!family || !hook[NFTA_HOOK_HOOKNUM] || number(hook[NFTA_HOOK_HOOKNUM]) != NF_INET_FORWARD) return std::nullopt;
  ForwardChain chain;
  chain.family = family;
  chain.table = text(attributes[NFTA_CHAIN_TABLE]);
  chain.name = text(attributes[NFTA_CHAIN_NAME]);
  chain.has_rules = number(attributes[NFTA_CHAIN_USE]) != 0;  // nothing jumps to a base chain, so only rules use it
  chain.drops = attributes[NFTA_CHAIN_POLICY] && number(attributes[NFTA_CHAIN_POLICY]) == NF_DROP;
  return chain;
}

base::Result<void> read_nftables(ForwardChains& found) {
  auto netlink = Netlink::open({}, NETLINK_NETFILTER);
  if (!netlink.ok() && is_absent(netlink.error())) return {};
  if (!netlink.ok()) return netlink.error();
  Message request(NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_GETCHAIN, 0);
  request.header(nfgenmsg{});
  auto read = netlink->dump_once(request, [&](nlmsghdr* message) {
    if (auto chain = decode_chain(message)) found.chains.push_back(std::move(*chain));
  });
  if (!read.ok() && is_absent(read.error())) return {};
  found.complete = TRY_IN(std::move(read), "nftables' chains");
  return {};
}

// What ip_tables and ip6_tables call the same by other names.
template <class Info, class Entries, class Entry>
struct LegacyKind {
  using GetInfo = Info;
  using GetEntries = Entries;
  using TableEntry = Entry;
};
using Ipv4Kind = LegacyKind<ipt_getinfo, ipt_get_entries, ipt_entry>;
using Ipv6Kind = LegacyKind<ip6t_getinfo, ip6t_get_entries, ip6t_entry>;

// The verdict of the chain's policy, which is its last entry.
template <class Kind>
base::Result<bool> policy_drops(int fd, int level, int option, const typename Kind::GetInfo& info) {
  std::vector<char> bytes(sizeof(typename Kind::GetEntries) + info.size);
  auto* entries = reinterpret_cast<typename Kind::GetEntries*>(bytes.data());
  std::memcpy(entries->name, info.name, sizeof info.name);
  entries->size = info.size;
  auto size = static_cast<socklen_t>(bytes.size());
  if (getsockopt(fd, level, option, entries, &size) != 0) {
    if (errno == EAGAIN) return true;  // another table by now; the next reading sees it
    return base::errno_error("entries of a table of ip_tables");
  }
  size_t policy = offsetof(typename Kind::GetEntries, entrytable) + info.underflow[NF_INET_FORWARD];
  if (policy + sizeof(typename Kind::TableEntry) > bytes.size()) return false;
  size_t target = policy + reinterpret_cast<typename Kind::TableEntry*>(bytes.data() + policy)->target_offset;
  if (target + sizeof(xt_standard_target) > bytes.size()) return false;
  return reinterpret_cast<xt_standard_target*>(bytes.data() + target)->verdict == -NF_DROP - 1;
}

// Only tables that are there already are asked for: a question makes one that is not.
template <class Kind>
base::Result<void> read_legacy(const char* names, int domain, int level, int info_option, int entries_option, const char* family,
                               std::vector<ForwardChain>& chains) {
  std::ifstream file(std::string("/proc/thread-self/net/") + names);
  base::Fd fd;
  for (std::string name; std::getline(file, name);) {
    typename Kind::GetInfo info{};
    if (name.size() >= sizeof info.name) continue;
    if (!fd) fd = base::Fd(socket(domain, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    if (!fd) return base::errno_error("socket for ip_tables");
    std::memcpy(info.name, name.c_str(), name.size());
    socklen_t size = sizeof info;
    if (getsockopt(fd.get(), level, info_option, &info, &size) != 0) {
      if (errno == ENOENT) continue;  // gone meanwhile
      return base::errno_error("table " + name + " of ip_tables");
    }
    if (!(info.valid_hooks & 1 << NF_INET_FORWARD)) continue;
    ForwardChain chain{.family = family, .table = name, .name = "FORWARD", .legacy = true, .error = {}};
    chain.has_rules = info.hook_entry[NF_INET_FORWARD] != info.underflow[NF_INET_FORWARD];
    if (!chain.has_rules) chain.drops = TRY(policy_drops<Kind>(fd.get(), level, entries_option, info));
    chains.push_back(std::move(chain));
  }
  return {};
}

}  // namespace

base::Result<Netlink> open_nftables_events() { return Netlink::open({NFNLGRP_NFTABLES}, NETLINK_NETFILTER); }

base::Result<ForwardChains> read_forward_chains() {
  ForwardChains found;
  TRY(read_nftables(found));
  TRY(read_legacy<Ipv4Kind>("ip_tables_names", AF_INET, IPPROTO_IP, IPT_SO_GET_INFO, IPT_SO_GET_ENTRIES, "ip", found.chains));
  TRY(read_legacy<Ipv6Kind>("ip6_tables_names", AF_INET6, IPPROTO_IPV6, IP6T_SO_GET_INFO, IP6T_SO_GET_ENTRIES, "ip6", found.chains));
  return found;
}

}  // namespace io::kernel
