// How a source is: the gate opens deletions only for rows whose sources have synced.
#pragma once

#include <string>

#include "base/clock.h"
#include "base/ip.h"

namespace model {

enum class SourceId : uint8_t { kSettings, kObjects, kHost, kSandboxes, kCanary };
constexpr size_t kSourceCount = 5;

struct SourceStatus {
  SourceId id = SourceId::kSettings;
  bool synced = false;
  std::string text;   // "4 files, 12 objects", "cannot read /etc/...: ..."
  bool kept = false;  // rows of an earlier run stand in for what has not been read: to plan by, not to delete by

  bool operator==(const SourceStatus&) const = default;
};

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

// The canary's last connection through the real datapath (sources/canary).
struct CanaryResult {
  bool from_host = false;
  bool from_pod = false;
  std::string error;           // the first failing one's
  base::Ip listener;           // who answers the canary's Service
  uint16_t listener_port = 0;  // 0: nobody listens yet

  bool operator==(const CanaryResult&) const = default;
};

// Objects of kinds that ichor does not read, counted per "GROUP/VERSION KIND".
struct UnreadKind {
  std::string kind;
  uint64_t objects = 0;

  bool operator==(const UnreadKind&) const = default;
};

}  // namespace model
