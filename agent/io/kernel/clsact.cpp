#include "io/kernel/clsact.h"

#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/pkt_cls.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <netlink/attr.h>

namespace io::kernel::clsact {
namespace {

using model::desired::FilterSide;

constexpr std::string_view kNamePrefix = "ichor:";
constexpr uint32_t kPriority = 1, kHandle = 1;

tcmsg filter_header(uint32_t ifindex, FilterSide side) {
  tcmsg header = {};
  header.tcm_family = AF_UNSPEC;
  header.tcm_ifindex = static_cast<int>(ifindex);
  header.tcm_parent = TC_H_MAKE(TC_H_CLSACT, side == FilterSide::kFromPod ? TC_H_MIN_INGRESS : TC_H_MIN_EGRESS);
  return header;
}

tcmsg our_filter_header(uint32_t ifindex, FilterSide side) {
  tcmsg header = filter_header(ifindex, side);
  header.tcm_handle = kHandle;
  header.tcm_info = TC_H_MAKE(kPriority << 16, htons(ETH_P_ALL));
  return header;
}

// The id of the program, if the message tells of a filter that is ichor's.
uint32_t program_of_filter(nlmsghdr* message) {
  nlattr* attributes[TCA_MAX + 1] = {};
  if (nlmsg_parse(message, sizeof(tcmsg), attributes, TCA_MAX, nullptr) != 0) return 0;
  const auto* header = static_cast<const tcmsg*>(nlmsg_data(message));
  if (header->tcm_handle != kHandle || !attributes[TCA_KIND] || !attributes[TCA_OPTIONS]) return 0;
  if (std::string_view(nla_get_string(attributes[TCA_KIND])) != "bpf") return 0;
  nlattr* options[TCA_BPF_MAX + 1] = {};
  if (nla_parse_nested(options, TCA_BPF_MAX, attributes[TCA_OPTIONS], nullptr) != 0) return 0;
  if (!options[TCA_BPF_NAME] || !options[TCA_BPF_ID]) return 0;
  if (!std::string_view(nla_get_string(options[TCA_BPF_NAME])).starts_with(kNamePrefix)) return 0;
  return nla_get_u32(options[TCA_BPF_ID]);
}

base::Result<void> make_clsact(Netlink& netlink, uint32_t ifindex) {
  tcmsg header = {};
  header.tcm_family = AF_UNSPEC;
  header.tcm_ifindex = static_cast<int>(ifindex);
  header.tcm_parent = TC_H_CLSACT;
  header.tcm_handle = TC_H_MAKE(TC_H_CLSACT, 0);
  Message message(RTM_NEWQDISC, NLM_F_CREATE | NLM_F_EXCL);
  message.header(header).put(TCA_KIND, std::string("clsact"));
  auto made = netlink.request(message);
  if (!made.ok() && made.error().code != EEXIST) return base::with_context(made.error(), "clsact");
  return {};
}

}  // namespace

const char* program_of(FilterSide side) { return side == FilterSide::kFromPod ? "pod_egress" : "pod_ingress"; }

base::Result<uint32_t> program_on(Netlink& netlink, uint32_t ifindex, FilterSide side) {
  Message message(RTM_GETTFILTER, NLM_F_DUMP);
  message.header(filter_header(ifindex, side));
  uint32_t program = 0;
  auto dumped = netlink.dump(message, [&](nlmsghdr* answer) {
    if (uint32_t id = program_of_filter(answer)) program = id;
  });
  // No clsact there yet, or the link went meanwhile.
  if (!dumped.ok() && dumped.error().code != EINVAL && dumped.error().code != ENODEV) return dumped.error();
  return program;
}

base::Result<void> attach(Netlink& netlink, uint32_t ifindex, FilterSide side, int program_fd, const std::string& generation) {
  TRY(make_clsact(netlink, ifindex));
  Message message(RTM_NEWTFILTER, NLM_F_CREATE | NLM_F_REPLACE);
  message.header(our_filter_header(ifindex, side)).put(TCA_KIND, std::string("bpf"));
  message.open(TCA_OPTIONS);
  message.put_u32(TCA_BPF_FD, static_cast<uint32_t>(program_fd));
  message.put(TCA_BPF_NAME, std::string(kNamePrefix) + generation);
  message.put_u32(TCA_BPF_FLAGS, TCA_BPF_FLAG_ACT_DIRECT);
  message.close();
  return netlink.request(message);
}

base::Result<void> detach(Netlink& netlink, uint32_t ifindex, FilterSide side) {
  Message message(RTM_DELTFILTER, 0);
  message.header(our_filter_header(ifindex, side)).put(TCA_KIND, std::string("bpf"));
  auto removed = netlink.request(message);
  constexpr int kNoClsact = EINVAL;
  if (!removed.ok() && removed.error().code != ENOENT && removed.error().code != ENODEV && removed.error().code != kNoClsact)
    return removed;
  return {};
}

}  // namespace io::kernel::clsact
