#include "status/effects.h"

#include <algorithm>

#include "status/fields_text.h"

namespace status {

std::string_view effect_state(const model::Effect& effect) {
  switch (effect.outcome.state) {
    case model::OutcomeState::kDone:
      return is_null(effect.desired) ? "kept" : "done";
    case model::OutcomeState::kPending:
      return "pending";
    case model::OutcomeState::kFailed:
      return "failed";
  }
  return "";
}

std::string thing_name(const model::Effect& effect) { return row_name(is_null(effect.desired) ? effect.there : effect.desired); }

std::string retry_text(const model::Outcome& outcome, base::BootTime now) {
  if (outcome.state != model::OutcomeState::kFailed) return "";
  auto tenths = std::max<int64_t>((outcome.next_try - now).count(), 0) / 100;
  std::string times = outcome.attempts == 1 ? "once" : std::to_string(outcome.attempts) + " times";
  return times + ", again in " + std::to_string(tenths / 10) + "." + std::to_string(tenths % 10) + " s";
}

}  // namespace status
