// What became of a desired row: the reconciler's last word on it.
#pragma once

#include <cstdint>
#include <string>

#include "base/clock.h"

namespace model {

enum class OutcomeState : uint8_t { kPending, kDone, kFailed };

struct Outcome {
  OutcomeState state = OutcomeState::kPending;
  std::string error;          // kFailed: why
  uint32_t attempts = 0;      // failed ones since the last success
  base::BootTime next_try{};  // kFailed

  bool operator==(const Outcome&) const = default;
};

}  // namespace model
