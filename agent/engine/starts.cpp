#include "engine/starts.h"

#include <spdlog/spdlog.h>

#include <utility>

namespace engine {
namespace {

constexpr base::Millis kStartAgain{1'000};

}  // namespace

void Starts::add(std::string name, std::function<base::Result<void>()> start) {
  Start first{std::move(name), std::move(start), ""};
  if (!attempt(first)) waiting_.push_back(std::move(first));
}

model::Changes Starts::retry(base::BootTime now) {
  if (now >= next_) {
    next_ = now + kStartAgain;
    std::erase_if(waiting_, [this](Start& start) { return attempt(start); });
  }
  return std::exchange(changes_, {});
}

bool Starts::attempt(Start& start) {
  auto started = start.start();
  const std::string text = started.ok() ? "" : started.error().text;
  if (text == start.told) return started.ok();
  if (started.ok()) {
    spdlog::info("{}: started after all", start.name);
    changes_.push_back(model::gone_problem(model::Origin::kStart, start.name));
  } else {
    spdlog::error("{}: {}", start.name, text);
    changes_.push_back(model::put_problem(model::Origin::kStart, start.name, {start.name, text, "it is tried again each second"}));
  }
  start.told = text;
  return started.ok();
}

}  // namespace engine
