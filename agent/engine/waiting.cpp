#include "engine/waiting.h"

#include <spdlog/spdlog.h>

namespace engine {
namespace {

constexpr base::Millis kTryAgain{200};

std::shared_ptr<const model::Published> published(const Process& process, const model::Snapshot& known, const model::Problem& problem) {
  model::Published waiting;
  waiting.snapshot = known;
  waiting.snapshot.now = base::boot_now();
  waiting.snapshot.apply(model::put_problem(model::Origin::kStart, "awaited", problem));
  waiting.started = process.started();
  return std::make_shared<const model::Published>(std::move(waiting));
}

}  // namespace

bool wait_for(Process& process, const model::Snapshot& known, const Awaited& awaited) {
  std::string told;
  for (;;) {
    auto done = awaited.attempt();
    if (done.ok()) {
      if (!told.empty()) spdlog::info("agent: {}: no longer waited for", awaited.subject);
      return true;
    }
    if (const std::string& text = done.error().text; text != told) {
      spdlog::warn("agent: {}: {}; nothing is written until then ({})", awaited.subject, text, awaited.remedy);
      process.cell().store(published(process, known, {awaited.subject, text, awaited.remedy}));
      told = text;
    }
    for (const auto& message : process.take(base::boot_now() + kTryAgain))
      if (!message) return false;
  }
}

}  // namespace engine
