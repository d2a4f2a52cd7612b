// Desired rows: all that ichor writes, to the kernel and to disk. One struct per kind of thing, ordered so that what comes first
// must be there before what comes later can use it; removal goes the other way. A row names a thing by key(); operator== compares
// the fields that ichor sets and no others. Rows that have a kernel struct carry it byte for byte.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "abi/config.h"
#include "base/fd.h"
#include "base/ip.h"
#include "base/mac.h"
#include "model/desired/direct_delivery.h"
#include "model/desired/health_check.h"
#include "model/desired/hook.h"
#include "model/desired/kind_facts.h"
#include "model/desired/masquerade.h"
#include "model/desired/metrics_listener.h"
#include "model/desired/node_address.h"
#include "model/desired/services.h"
#include "model/host/link.h"
#include "model/host/sandbox.h"
#include "model/kinds.h"

namespace model::desired {

using model::kRouteProtocol;

// STATE-DIR/sandboxes: who holds which address. First written, last but for the link removed.
struct SandboxRecord {
  static constexpr std::string_view kKind = "sandbox_records";
  static constexpr KindFacts kFacts{"The record on disk of which pod holds which address.", kSourcesOfPods, Removal::kAtOnce,
                                    Reread::kNever, MadeIn::kNode};
  model::SandboxIdentity identity;
  std::vector<base::Ip> addresses;
  bool complete = false;
  model::LinkKind link_kind = model::LinkKind::kVeth;
  bool readable = true;  // false: a file of which only the name is understood; it is kept as it is, or removed

  bool operator==(const SandboxRecord& other) const {
    if (!readable || !other.readable) return readable == other.readable && key() == other.key();
    return identity == other.identity && addresses == other.addresses && complete == other.complete && link_kind == other.link_kind;
  }
  std::string key() const { return identity.key(); }
};

// A sysctl under /proc/sys, dots for slashes; a link's name may itself hold dots, hence a list. Never removed.
struct Sysctl {
  static constexpr std::string_view kKind = "sysctls";
  static constexpr KindFacts kFacts{"Kernel settings that ichor sets.", kAllSources, Removal::kAtOnce, Reread::kNever, MadeIn::kNode};
  std::vector<std::string> path;  // {"net","ipv4","conf","all","forwarding"}
  std::string value;
  std::string only_from;  // not empty: written only where this value stands; any other one is left and counts as in force

  bool operator==(const Sysctl&) const = default;
  std::string key() const {
    std::string joined;
    for (const auto& part : path) joined += (joined.empty() ? "" : "/") + part;
    return joined;
  }
};

// How many entries one map of the datapath has. In force where the kernel's map has as many: the object below brings it there, and a map
// that is too full to shrink keeps its size, which is this row's failure and nobody else's.
struct MapSize {
  static constexpr std::string_view kKind = "map_sizes";
  static constexpr KindFacts kFacts{"Room in each map of the datapath, in entries, by the node's memory or as set.", kAllSources,
                                    Removal::kAtOnce, Reread::kNever, MadeIn::kNode};
  std::string map;
  uint32_t entries = 0;

  bool operator==(const MapSize&) const = default;
  std::string key() const { return map; }
};

// The BPF object: its programs and maps, pinned below BPF-ROOT.
struct DatapathObject {
  static constexpr std::string_view kKind = "datapath_objects";
  static constexpr KindFacts kFacts{"The loaded BPF object and how many entries its maps have room for.", kAllSources, Removal::kSlow,
                                    Reread::kNever, MadeIn::kNode};
  std::string generation;       // generation_of() the object and its configuration
  datapath_config config = {};  // constants of the programs; not read back, the generation stands for it
  std::vector<MapSize> maps;    // by name

  bool operator==(const DatapathObject& other) const { return generation == other.generation && maps == other.maps; }
  std::string key() const { return generation; }
};

// Names an object, by the digest of its bytes, with its configuration: two configurations are two generations.
std::string generation_of(const std::string& object, const datapath_config& config);

// A program on a hook by a pinned bpf_link: cgroup hooks on the cgroup root, uplink hooks by tcx on a device.
struct Attachment {
  static constexpr std::string_view kKind = "attachments";
  static constexpr KindFacts kFacts{"Programs on cgroup hooks and uplinks.", kAllSources, Removal::kSlow, Reread::kOnNetworkHints,
                                    MadeIn::kNode};
  Hook hook = Hook::kConnect4;
  std::string target;      // cgroup path or device name
  std::string generation;  // of the object whose program it is

  bool operator==(const Attachment&) const = default;
  std::string key() const { return std::to_string(static_cast<int>(hook)) + "@" + target; }
};

// A pod's link: a pair whose other end is made inside the pod's network namespace, with addresses, routes and neighbours there.
// Only what the host side shows and could still be changed is compared: a pod keeps the MTU it was made with.
struct PodLink {
  static constexpr std::string_view kKind = "pod_links";
  static constexpr KindFacts kFacts{"Links of pods, host side.", kSourcesOfPods, Removal::kSlowFirst, Reread::kOnNetworkHints,
                                    MadeIn::kPodNamespace};
  std::string name;    // host side
  std::string alias;   // host side, see model/host/pod_link.h
  std::string ifname;  // pod side
  model::LinkKind kind = model::LinkKind::kVeth;
  base::Mac host_mac, pod_mac;  // all zero where the kind has none
  uint32_t mtu = 0;             // bytes
  std::vector<base::Ip> addresses;
  std::shared_ptr<base::Fd> netns;  // null after the ADD was answered: then the link can be kept, not made

  bool operator==(const PodLink& other) const {
    return name == other.name && alias == other.alias && kind == other.kind && host_mac == other.host_mac;
  }
  std::string key() const { return name; }
};

// A program on the host side of a pod link; what it hangs on goes by the link's kind.
enum class FilterSide : uint8_t { kFromPod, kToPod };
struct Filter {
  static constexpr std::string_view kKind = "filters";
  static constexpr KindFacts kFacts{"Programs on pod links.", kSourcesOfPods, Removal::kSlow, Reread::kOnNetworkHints, MadeIn::kNode};
  std::string link;
  FilterSide side = FilterSide::kFromPod;
  std::string generation;

  bool operator==(const Filter&) const = default;
  std::string key() const { return link + (side == FilterSide::kFromPod ? "/from_pod" : "/to_pod"); }
};

// Maps `pods` (by address) and `pod_sources` (by link): rows carry the link's name, the store its ifindex.
struct PodEntry {
  static constexpr std::string_view kKind = "pod_entries";
  static constexpr KindFacts kFacts{"Pod addresses as the datapath delivers to them.", kSourcesOfPods, Removal::kAtOnce,
                                    Reread::kOnNetworkHints, MadeIn::kNode};
  base::Ip address;
  std::string link;
  base::Mac host_mac, pod_mac;

  bool operator==(const PodEntry&) const = default;
  std::string key() const { return base::to_string(address); }
};

// Peers' pods: whatever other route to the same prefix there is or comes, it can be added and is preferred.
constexpr uint32_t kPeerRouteMetric = 0x6900;
// Unused pod addresses: after each and every other route to the same prefix.
constexpr uint32_t kUnusedRouteMetric = UINT32_MAX;

enum class RouteType : uint8_t { kUnicast, kUnreachable /* senders are told by ICMP */ };

// A route with protocol 0x69 in the main table.
struct Route {
  static constexpr std::string_view kKind = "routes";
  static constexpr KindFacts kFacts{"Routes that ichor makes: to its own pods and to those of peers.", kAllSources, Removal::kAtOnce,
                                    Reread::kOnNetworkHints, MadeIn::kNode};
  base::Cidr destination;
  base::Ip gateway;     // unspecified: on link
  std::string link;     // empty: resolved by the kernel from the gateway
  base::Ip source;      // preferred source; unspecified: the kernel's choice
  uint32_t metric = 0;  // 0: what the kernel gives a route without one
  RouteType type = RouteType::kUnicast;

  bool operator==(const Route&) const = default;
  std::string key() const { return base::to_string(destination) + (metric ? " metric " + std::to_string(metric) : ""); }
};

// A permanent neighbour entry on a pod link.
struct Neighbor {
  static constexpr std::string_view kKind = "neighbors";
  static constexpr KindFacts kFacts{"Neighbour entries that ichor makes on pod links.", kSourcesOfPods, Removal::kSlow,
                                    Reread::kOnNetworkHints, MadeIn::kNode};
  std::string link;
  base::Ip address;
  base::Mac mac;

  bool operator==(const Neighbor&) const = default;
  std::string key() const { return link + "/" + base::to_string(address); }
};

// A file written whole, by rename. Never removed.
struct File {
  static constexpr std::string_view kKind = "files";
  static constexpr KindFacts kFacts{"Files that ichor writes, such as the CNI configuration.", kAllSources, Removal::kAtOnce,
                                    Reread::kNever, MadeIn::kNode};
  std::string path;
  std::string content;

  bool operator==(const File&) const = default;
  std::string key() const { return path; }
};

// Stands in a status for the time at which it is written, RFC 3339: planners have no clock, and rows that differ in it are equal.
constexpr const char* kTimeOfWrite = "TIME-OF-WRITE";

// What the API server shall hold in an object's status: a strategic merge patch of its status subresource. Wanted only as long as the
// object as watched says otherwise, so it is never taken back.
struct StatusPatch {
  static constexpr std::string_view kKind = "status_patches";
  static constexpr KindFacts kFacts{"What ichor writes into the status of objects.", kAllSources, Removal::kAtOnce, Reread::kNever,
                                    MadeIn::kNode};
  std::string api_version;  // "v1", "GROUP/VERSION"
  std::string kind;         // "Node"
  std::string resource;     // "nodes"
  std::string ns, name;     // ns empty: cluster-scoped
  std::string status;       // JSON text of an object, members sorted, no spaces

  bool operator==(const StatusPatch& other) const {
    return api_version == other.api_version && kind == other.kind && ns == other.ns && name == other.name && status == other.status;
  }
  std::string key() const { return kind + "." + ns + "." + name; }
};

// The kinds, in the order in which they are written: one that is no DesiredRow does not compile.
using Kinds = model::Kinds<SandboxRecord, Sysctl, DatapathObject, MapSize, NodeAddress, DirectDelivery, Unmasqueraded, MasqueradeSource,
                           ServiceSet, SourceRange, Frontend, Attachment, PodLink, Filter, PodEntry, Route, Neighbor, HealthCheck,
                           MetricsListener, File, StatusPatch>;
using Row = Kinds::AnyRow;

template <class Kind>
using Shared = std::shared_ptr<const Kind>;
using SharedRow = Kinds::Variant<Shared>;

inline bool is_null(const SharedRow& row) {
  return std::visit([](const auto& shared) { return shared == nullptr; }, row);
}

}  // namespace model::desired
