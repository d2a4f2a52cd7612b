// What a pod's link is made of. A pod keeps the kind that it was made with.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace model {

enum class LinkKind : uint8_t {
  kVeth,    // ether frames: each end has an address of its own, and neighbours are told to both
  kNetkit,  // in its mode L3: no addresses, no neighbours; a program takes the packet where the pod hands it over
};

// rtnetlink's word, and that of `bpf.datapathMode`.
constexpr std::string_view link_kind_name(LinkKind kind) { return kind == LinkKind::kVeth ? "veth" : "netkit"; }

constexpr std::optional<LinkKind> link_kind_of(std::string_view name) {
  for (LinkKind kind : {LinkKind::kVeth, LinkKind::kNetkit})
    if (name == link_kind_name(kind)) return kind;
  return std::nullopt;
}

constexpr bool has_link_addresses(LinkKind kind) { return kind == LinkKind::kVeth; }

}  // namespace model
