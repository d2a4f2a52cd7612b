// How a source is: the gate opens deletions only for rows whose sources have synced.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>

#include "base/clock.h"
#include "base/ip.h"
#include "model/table_facts.h"

namespace model {

enum class SourceId : uint8_t { kSettings, kObjects, kHost, kSandboxes, kCanary };

// Some of the sources.
class SourceSet {
 public:
  constexpr SourceSet() = default;
  constexpr SourceSet(std::initializer_list<SourceId> sources) {
    for (SourceId source : sources) add(source);
  }
  constexpr void add(SourceId source) { bits_ |= 1U << static_cast<unsigned>(source); }
  constexpr bool contains(const SourceSet& other) const { return (bits_ & other.bits_) == other.bits_; }

 private:
  uint32_t bits_ = 0;
};

inline constexpr SourceSet kAllSources{SourceId::kSettings, SourceId::kObjects, SourceId::kHost, SourceId::kSandboxes, SourceId::kCanary};
// Those that say which pods are here.
inline constexpr SourceSet kSourcesOfPods{SourceId::kSettings, SourceId::kSandboxes, SourceId::kCanary};

constexpr const char* source_name(SourceId id) {
  switch (id) {
    case SourceId::kSettings:
      return "settings";
    case SourceId::kObjects:
      return "objects";
    case SourceId::kHost:
      return "host";
    case SourceId::kSandboxes:
      return "sandboxes";
    case SourceId::kCanary:
      return "canary";
  }
  return "";
}

struct SourceStatus {
  static constexpr TableFacts kTable{"sources", "source", "Where facts come from, and whether all of them have arrived."};
  SourceId id = SourceId::kSettings;
  bool synced = false;
  std::string text;   // "4 files, 12 objects", "cannot read /etc/...: ..."
  bool kept = false;  // rows of an earlier run stand in for what has not been read: to plan by, not to delete by

  bool operator==(const SourceStatus&) const = default;
  std::string key() const { return source_name(id); }
};

// The canary's last connection through the real datapath (sources/canary).
struct CanaryResult {
  static constexpr TableFacts kTable{"canary", "", "The last connection through the datapath, from the host and from a pod's place."};
  bool from_host = false;
  bool from_pod = false;
  std::string error;           // the first failing one's
  base::Ip listener;           // who answers the canary's Service
  uint16_t listener_port = 0;  // 0: nobody listens yet

  bool operator==(const CanaryResult&) const = default;
  static std::string key() { return "canary"; }  // of the one row
};

// Objects of kinds that ichor does not read, counted per "GROUP/VERSION KIND".
struct UnreadKind {
  static constexpr TableFacts kTable{"unread_kinds", "kind", "Objects of kinds that ichor does not read, counted."};
  std::string kind;
  uint64_t objects = 0;

  bool operator==(const UnreadKind&) const = default;
};

}  // namespace model
