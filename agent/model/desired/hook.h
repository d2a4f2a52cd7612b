// Where in the kernel the object's programs hang by a pinned bpf_link: the one list of them.
#pragma once

#include <cstdint>
#include <iterator>
#include <string_view>

namespace model::desired {

enum class Hook : uint8_t {
  kConnect4,
  kConnect6,
  kSendmsg4,
  kSendmsg6,
  kRecvmsg4,
  kRecvmsg6,
  kGetpeername4,
  kGetpeername6,
  kUplinkIngress,
  kUplinkEgress,
};

enum class HookTarget : uint8_t { kCgroup, kUplink };  // the cgroup root, or a device by tcx

struct HookFacts {
  Hook hook;
  const char* name;     // of its program in the object, and in the pin
  const char* section;  // as libbpf knows the way of attaching
  HookTarget target;
};

// In the order of Hook.
inline constexpr HookFacts kHooks[] = {
    {Hook::kConnect4, "connect4", "cgroup/connect4", HookTarget::kCgroup},
    {Hook::kConnect6, "connect6", "cgroup/connect6", HookTarget::kCgroup},
    {Hook::kSendmsg4, "sendmsg4", "cgroup/sendmsg4", HookTarget::kCgroup},
    {Hook::kSendmsg6, "sendmsg6", "cgroup/sendmsg6", HookTarget::kCgroup},
    {Hook::kRecvmsg4, "recvmsg4", "cgroup/recvmsg4", HookTarget::kCgroup},
    {Hook::kRecvmsg6, "recvmsg6", "cgroup/recvmsg6", HookTarget::kCgroup},
    {Hook::kGetpeername4, "getpeername4", "cgroup/getpeername4", HookTarget::kCgroup},
    {Hook::kGetpeername6, "getpeername6", "cgroup/getpeername6", HookTarget::kCgroup},
    {Hook::kUplinkIngress, "uplink_ingress", "tcx/ingress", HookTarget::kUplink},
    {Hook::kUplinkEgress, "uplink_egress", "tcx/egress", HookTarget::kUplink},
};

constexpr const HookFacts& facts_of(Hook hook) { return kHooks[static_cast<size_t>(hook)]; }

static_assert([] {
  for (size_t i = 0; i < std::size(kHooks); ++i)
    if (kHooks[i].hook != static_cast<Hook>(i)) return false;
  return true;
}());

}  // namespace model::desired
