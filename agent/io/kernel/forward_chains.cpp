#include "io/kernel/forward_chains.h"

#include <arpa/inet.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter_ipv4/ip_tables.h>
#include <linux/netfilter_ipv6/ip6_tables.h>
#include <netlink/attr.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstring>
#include <fstream>
#include <vector>

namespace io::kernel {
namespace {

using model::ForwardChain;
using model::KubeProxyRules;

// Of table nat, in kube-proxy's modes iptables and ipvs: no Service without it. In mode nftables it has tables of its own.
constexpr const char* kServicesChain = "KUBE-SERVICES";
constexpr const char* kProxyTable = "kube-proxy";

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

std::optional<ForwardChain> decode_forward_chain(const std::string& family, nlattr* const* attributes) {
  nlattr* hook[NFTA_HOOK_MAX + 1];
  if (!attributes[NFTA_CHAIN_HOOK] || nla_parse_nested(hook, NFTA_HOOK_MAX, attributes[NFTA_CHAIN_HOOK], nullptr) != 0 ||
      !hook[NFTA_HOOK_HOOKNUM] || number(hook[NFTA_HOOK_HOOKNUM]) != NF_INET_FORWARD)
    return std::nullopt;
  ForwardChain chain;
  chain.family = family;
  chain.table = text(attributes[NFTA_CHAIN_TABLE]);
  chain.name = text(attributes[NFTA_CHAIN_NAME]);
  chain.has_rules = number(attributes[NFTA_CHAIN_USE]) != 0;  // nothing jumps to a base chain, so only rules use it
  chain.drops = attributes[NFTA_CHAIN_POLICY] && number(attributes[NFTA_CHAIN_POLICY]) == NF_DROP;
  return chain;
}

std::optional<KubeProxyRules> decode_kube_proxy(const std::string& family, nlattr* const* attributes) {
  const std::string table = text(attributes[NFTA_CHAIN_TABLE]);
  if (family == "inet") return std::nullopt;
  if (table == kProxyTable) return KubeProxyRules{family, "nftables"};
  if (table == "nat" && text(attributes[NFTA_CHAIN_NAME]) == kServicesChain) return KubeProxyRules{family, "iptables"};
  return std::nullopt;
}

void take_chain(nlmsghdr* message, ForwardChains& found) {
  nlattr* attributes[NFTA_CHAIN_MAX + 1];
  const char* family = family_of_table(static_cast<const nfgenmsg*>(nlmsg_data(message))->nfgen_family);
  if (!family || nlmsg_parse(message, sizeof(nfgenmsg), attributes, NFTA_CHAIN_MAX, nullptr) != 0) return;
  if (auto chain = decode_forward_chain(family, attributes)) found.chains.push_back(std::move(*chain));
  auto rules = decode_kube_proxy(family, attributes);
  if (rules && std::find(found.kube_proxy_rules.begin(), found.kube_proxy_rules.end(), *rules) == found.kube_proxy_rules.end())
    found.kube_proxy_rules.push_back(std::move(*rules));
}

base::Result<void> read_nftables(ForwardChains& found) {
  auto netlink = Netlink::open({}, NETLINK_NETFILTER);
  if (!netlink.ok() && is_absent(netlink.error())) return {};
  if (!netlink.ok()) return netlink.error();
  Message request(NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_GETCHAIN, 0);
  request.header(nfgenmsg{});
  auto read = netlink->dump_once(request, [&](nlmsghdr* message) { take_chain(message, found); });
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
  const char* names;
  const char* family;
  int domain, level, info_option, entries_option;
};
constexpr LegacyKind<ipt_getinfo, ipt_get_entries, ipt_entry> kIpv4Kind{"ip_tables_names", "ip", AF_INET, IPPROTO_IP, IPT_SO_GET_INFO,
                                                                        IPT_SO_GET_ENTRIES};
constexpr LegacyKind<ip6t_getinfo, ip6t_get_entries, ip6t_entry> kIpv6Kind{
    "ip6_tables_names", "ip6", AF_INET6, IPPROTO_IPV6, IP6T_SO_GET_INFO, IP6T_SO_GET_ENTRIES};

// One table of a kind, its entries as the kernel has them.
template <class Kind>
class LegacyTable {
 public:
  LegacyTable(const Kind& kind, int fd, const typename Kind::GetInfo& info) : kind_(kind), fd_(fd), info_(info) {}

  // False: another table by now; the next reading sees it.
  base::Result<bool> read() {
    bytes_.resize(kStart + info_.size);
    auto* entries = reinterpret_cast<typename Kind::GetEntries*>(bytes_.data());
    std::memcpy(entries->name, info_.name, sizeof info_.name);
    entries->size = info_.size;
    auto size = static_cast<socklen_t>(bytes_.size());
    if (getsockopt(fd_, kind_.level, kind_.entries_option, entries, &size) == 0) return true;
    if (errno == EAGAIN) return false;
    return base::errno_error("entries of a table of ip_tables");
  }
  // The verdict of the chain's policy, which is its last entry.
  bool policy_drops(int hook) const {
    const auto* target = this->template target_at<xt_standard_target>(info_.underflow[hook]);
    return target && target->verdict == -NF_DROP - 1;
  }
  // Each chain that was made begins with an entry that has its name.
  bool has_chain(std::string_view name) const {
    for (size_t offset = 0; const auto* entry = at<typename Kind::TableEntry>(offset); offset += entry->next_offset) {
      const auto* target = this->template target_at<xt_error_target>(offset);
      if (target && std::string_view(target->target.u.user.name) == XT_ERROR_TARGET && name == target->errorname) return true;
      if (entry->next_offset == 0) break;
    }
    return false;
  }

 private:
  static constexpr size_t kStart = offsetof(typename Kind::GetEntries, entrytable);

  template <class Part>
  const Part* at(size_t offset) const {
    return offset <= info_.size && sizeof(Part) <= info_.size - offset ? reinterpret_cast<const Part*>(bytes_.data() + kStart + offset)
                                                                       : nullptr;
  }
  template <class Target>
  const Target* target_at(size_t offset) const {
    const auto* entry = at<typename Kind::TableEntry>(offset);
    return entry ? at<Target>(offset + entry->target_offset) : nullptr;
  }

  const Kind& kind_;
  int fd_;
  typename Kind::GetInfo info_;
  std::vector<char> bytes_;
};

template <class Info>
bool has_rules(const Info& info, int hook) {
  return (info.valid_hooks & 1U << hook) && info.hook_entry[hook] != info.underflow[hook];
}

template <class Kind>
base::Result<void> take_legacy_table(const Kind& kind, int fd, const typename Kind::GetInfo& info, ForwardChains& found) {
  LegacyTable<Kind> table(kind, fd, info);
  const std::string name = info.name;
  if (name == "nat" && (has_rules(info, NF_INET_PRE_ROUTING) || has_rules(info, NF_INET_LOCAL_OUT)))
    if (!TRY(table.read()))
      found.complete = false;
    else if (table.has_chain(kServicesChain))
      found.kube_proxy_rules.push_back({kind.family, "iptables-legacy"});
  if (!(info.valid_hooks & 1 << NF_INET_FORWARD)) return {};
  ForwardChain chain{.family = kind.family, .table = name, .name = "FORWARD", .legacy = true, .error = {}};
  chain.has_rules = has_rules(info, NF_INET_FORWARD);
  if (!chain.has_rules) chain.drops = !TRY(table.read()) || table.policy_drops(NF_INET_FORWARD);
  found.chains.push_back(std::move(chain));
  return {};
}

// Only tables that are there already are asked for: a question makes one that is not.
template <class Kind>
base::Result<void> read_legacy(const Kind& kind, ForwardChains& found) {
  std::ifstream file(std::string("/proc/thread-self/net/") + kind.names);
  base::Fd fd;
  for (std::string name; std::getline(file, name);) {
    typename Kind::GetInfo info{};
    if (name.size() >= sizeof info.name) continue;
    if (!fd) fd = base::Fd(socket(kind.domain, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    if (!fd) return base::errno_error("socket for ip_tables");
    std::memcpy(info.name, name.c_str(), name.size());
    socklen_t size = sizeof info;
    if (getsockopt(fd.get(), kind.level, kind.info_option, &info, &size) != 0) {
      if (errno == ENOENT) continue;  // gone meanwhile
      return base::errno_error("table " + name + " of ip_tables");
    }
    TRY(take_legacy_table(kind, fd.get(), info, found));
  }
  return {};
}

}  // namespace

base::Result<Netlink> open_nftables_events() { return Netlink::open({NFNLGRP_NFTABLES}, NETLINK_NETFILTER); }

base::Result<ForwardChains> read_forward_chains() {
  ForwardChains found;
  TRY(read_nftables(found));
  TRY(read_legacy(kIpv4Kind, found));
  TRY(read_legacy(kIpv6Kind, found));
  return found;
}

}  // namespace io::kernel
