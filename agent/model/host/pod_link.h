// A pod's link on the node: what it is called, and how it is known for ichor's with no memory of having been made. Two marks, each enough:
// an alias (IFLA_IFALIAS), which also says whose link it is, and a name of "ich" and twelve lower-case hexadecimal digits. Whatever else
// begins with "ich" is somebody else's.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/mac.h"
#include "model/host/link.h"
#include "model/host/sandbox.h"

namespace model {

constexpr std::string_view kPodLinkPrefix = "ich";
constexpr size_t kPodLinkDigits = 12;

constexpr bool is_pod_link_name(std::string_view name) {
  return name.size() == kPodLinkPrefix.size() + kPodLinkDigits && name.starts_with(kPodLinkPrefix) &&
         name.find_first_not_of("0123456789abcdef", kPodLinkPrefix.size()) == std::string_view::npos;
}

// The kernel keeps 255 bytes; these have 154 at most.
std::string pod_link_alias(const Sandbox& sandbox);  // "ichor pod CONTAINERID/IFNAME", "ichor canary"
// The Sandbox key that an alias names; nullopt: it names none.
std::optional<std::string> sandbox_of_alias(std::string_view alias);

// By name or alias; its kind is not looked at.
bool is_pod_link(const Link& link);

// A new ADD makes a link of another name even for a known container: the old one may still be on its way out.
std::string pod_link_name(const SandboxIdentity& identity);
enum class LinkEnd : uint8_t { kNode, kPod };
base::Mac pod_link_mac(const SandboxIdentity& identity, LinkEnd end);
// The address of the pod's end, by that of the node's.
base::Mac pod_end_mac(const base::Mac& node_end);

}  // namespace model
