// Services as the kernel serves them: sets of backends, and the frontends that lead to them.
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "base/ip.h"
#include "model/cluster/service.h"
#include "model/desired/kind_facts.h"

namespace model::desired {

struct Backend {
  base::Ip address;
  uint16_t port = 0;  // host order
  auto operator<=>(const Backend&) const = default;
};

// Whose calls a set is for: by traffic policy they may lead to different backends.
enum class Scope : uint8_t {
  kCallers,          // this node and its pods
  kExternalCallers,  // the same, by an address that the outside calls too, where that leads to others: internalTrafficPolicy is Local
  kArrivals          // packets from outside
};

// Names a set of backends. The kernel holds the hash alone, so an id that was read from there has no name until the row that bears it
// is found again; and where both names are known, equal hashes are not enough.
class SetId {
 public:
  SetId() = default;  // no set
  explicit SetId(std::string name);
  static SetId of_hash(uint64_t hash, std::string name = "");

  uint64_t hash() const { return hash_; }  // 0: no set
  const std::string& name() const { return name_; }
  explicit operator bool() const { return hash_ != 0; }
  bool operator==(const SetId& other) const {
    return hash_ == other.hash_ && (name_ == other.name_ || name_.empty() || other.name_.empty());
  }
  std::string text() const;  // the name, else the hash in 16 hexadecimal digits; "" for no set

 private:
  uint64_t hash_ = 0;
  std::string name_;
};

// "ns/name:port/PROTOCOL/FAMILY/SCOPE".
SetId set_id(const std::string& service, uint16_t port, Protocol protocol, base::Family family, Scope scope);

enum class SlotTable : uint8_t { kPlain /* a slot for each backend */ };

// What a port and family of a Service lead to. The reconciler numbers it and makes its slots of table and backends.
struct ServiceSet {
  static constexpr std::string_view kKind = "service_sets";
  static constexpr KindFacts kFacts{"What ports of Services lead to: backends, for callers on this node and for arrivals from outside.",
                                    kAllSources, Removal::kAtOnce, Reread::kNever, MadeIn::kNode};
  SetId id{};
  std::vector<Backend> backends{};   // sorted, without duplicates; empty: connections are refused
  std::vector<Backend> leaving{};    // likewise, and none of those: they get nothing new and keep what they have; none where not datagrams
  bool endpoints_elsewhere = false;  // with no backends: endpoints exist, but none that this node may use; connections then fail otherwise
  bool external_local = false;       // externalTrafficPolicy is Local: calls of a peer's NodePort are left to that peer
  uint32_t affinity_seconds = 0;     // a client keeps its backend for so long after its last connection; 0: each connection chooses anew
  bool datagrams = false;            // UDP: what talks to a backend that is in neither list is made to choose anew
  SlotTable table = SlotTable::kPlain;

  bool operator==(const ServiceSet&) const = default;
  std::string key() const;
};

// Who may call restricted frontends that lead to that set (loadBalancerSourceRanges). A set that none names lets nobody in there.
struct SourceRange {
  static constexpr std::string_view kKind = "source_ranges";
  static constexpr KindFacts kFacts{"Prefixes from which Services may be called that restrict who does.", kAllSources, Removal::kAtOnce,
                                    Reread::kNever, MadeIn::kNode};
  SetId set{};
  base::Cidr prefix;  // canonical

  bool operator==(const SourceRange&) const = default;
  std::string key() const;  // "HASH/PREFIX"
};

// To whom an address refuses all ports that no Frontend of it has.
enum class Sole : uint8_t { kNobody, kOutside, kEverybody /* but the node itself */ };

// An address and port by which sets are reached; either may be none. Of several that are asked for, that of the oldest Service counts.
struct Frontend {
  static constexpr std::string_view kKind = "frontends";
  static constexpr KindFacts kFacts{"Addresses and ports by which Services are reached, and the sets that they lead to.", kAllSources,
                                    Removal::kAtOnce, Reread::kNever, MadeIn::kNode};
  static constexpr int64_t kBeforeAll = std::numeric_limits<int64_t>::min();
  base::Ip address;   // unspecified: each of the node's addresses, which is a NodePort
  uint16_t port = 0;  // host order
  Protocol protocol = Protocol::kTcp;
  SetId callers{}, arrivals{};
  bool restricted = false;    // only pods and clients outside that are in the arrivals' SourceRanges
  Sole sole = Sole::kNobody;  // of the address: what any of its frontends says holds
  int64_t since = 0;          // when its Service was made, seconds since 1970; it is not in the kernel

  bool operator==(const Frontend& other) const {
    return address == other.address && port == other.port && protocol == other.protocol && callers == other.callers &&
           arrivals == other.arrivals && restricted == other.restricted && sole == other.sole;
  }
  std::string key() const;  // "10.96.0.1:80/TCP"
  int64_t rank() const { return since; }
};

}  // namespace model::desired
