#include "io/kernel/conntrack.h"

#include <arpa/inet.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <netinet/in.h>
#include <netlink/attr.h>

#include <cstring>

#include "io/kernel/netlink.h"
#include "io/kernel/netlink_rows.h"

namespace io::kernel {
namespace {

base::Ip ip(nlattr* attribute) {
  base::Ip ip;
  if (attribute && nla_len(attribute) == 4) {
    uint32_t address_be;
    std::memcpy(&address_be, nla_data(attribute), sizeof address_be);
    return base::Ip::from_v4_be(address_be);
  }
  if (attribute && nla_len(attribute) == 16) std::memcpy(ip.bytes.data(), nla_data(attribute), ip.bytes.size());
  return ip;
}

template <size_t Size>
bool parse_nested(nlattr* outer, nlattr* (&attributes)[Size]) {
  return outer && nla_parse_nested(attributes, Size - 1, outer, nullptr) == 0;
}

bool is_translated(nlattr* status) {
  uint32_t status_be = 0;
  if (status && nla_len(status) == sizeof status_be) std::memcpy(&status_be, nla_data(status), sizeof status_be);
  return ntohl(status_be) & IPS_NAT_MASK;
}

// The request that deletes what the message tells of, if that is concerned.
std::optional<Message> deletion(nlmsghdr* message, base::Family family, const std::function<bool(const base::Ip&)>& concerned) {
  nlattr *entry[CTA_MAX + 1], *tuple[CTA_TUPLE_MAX + 1], *addresses[CTA_IP_MAX + 1], *protocol[CTA_PROTO_MAX + 1];
  if (nlmsg_parse(message, sizeof(nfgenmsg), entry, CTA_MAX, nullptr) != 0 || !parse_nested(entry[CTA_TUPLE_ORIG], tuple) ||
      !parse_nested(tuple[CTA_TUPLE_IP], addresses) || !parse_nested(tuple[CTA_TUPLE_PROTO], protocol) || !protocol[CTA_PROTO_NUM])
    return std::nullopt;
  const bool v4 = family == base::Family::kIpv4;
  if (nla_get_u8(protocol[CTA_PROTO_NUM]) != IPPROTO_TCP || is_translated(entry[CTA_STATUS])) return std::nullopt;
  if (!concerned(ip(addresses[v4 ? CTA_IP_V4_SRC : CTA_IP_V6_SRC])) && !concerned(ip(addresses[v4 ? CTA_IP_V4_DST : CTA_IP_V6_DST])))
    return std::nullopt;
  nfgenmsg fixed{};
  fixed.nfgen_family = address_family(family);
  std::optional<Message> request(std::in_place, NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_DELETE, 0);
  request->header(fixed).put(CTA_TUPLE_ORIG | NLA_F_NESTED, nla_data(entry[CTA_TUPLE_ORIG]), nla_len(entry[CTA_TUPLE_ORIG]));
  for (int part : {CTA_ID, CTA_ZONE})
    if (entry[part]) request->put(part, nla_data(entry[part]), nla_len(entry[part]));
  return request;
}

}  // namespace

base::Result<void> forget_connections(base::Family family, const std::function<bool(const base::Ip&)>& concerned) {
  auto netlink = Netlink::open({}, NETLINK_NETFILTER);
  if (!netlink.ok() && is_absent(netlink.error())) return {};
  if (!netlink.ok()) return netlink.error();
  Netlink deletions = TRY(Netlink::open({}, NETLINK_NETFILTER));
  nfgenmsg fixed{};
  fixed.nfgen_family = address_family(family);
  Message request(NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_GET, 0);
  request.header(fixed);
  base::Result<void> result;
  // There may be a million of them, so none is kept until the end.
  auto read = netlink->dump_once(request, [&](nlmsghdr* message) {
    auto found = deletion(message, family, concerned);
    if (!found) return;
    auto deleted = deletions.request(*found);
    if (!deleted.ok() && deleted.error().code != ENOENT) result = base::with_context(deleted.error(), "tracked connection: delete");
  });
  if (!read.ok() && is_absent(read.error())) return {};
  if (!read.ok()) return base::with_context(read.error(), "tracked connections");
  return result;
}

}  // namespace io::kernel
