#include "sources/api_server/keeper.h"

#include <malloc.h>

#include <utility>

namespace sources::api_server {
namespace {

constexpr uint64_t kBurst = 1 << 20;  // bytes

}  // namespace

Keeper::~Keeper() {
  if (!thread_.joinable()) return;
  mailbox_.push(std::nullopt);
  thread_.join();
}

base::Result<void> Keeper::start() {
  return thread_.start([this] { run(); });
}

void Keeper::run() {
  bool trimmed = false;  // once after the first state, which has come with all objects
  for (;;) {
    std::optional<State> latest;
    bool last = false;
    for (auto& state : mailbox_.take(std::nullopt)) {
      last |= !state;
      if (state) latest = std::move(state);
    }
    uint64_t written = log_.written_bytes();
    if (latest) report_(log_.keep(latest->rows, latest->kinds));
    if (last) return;
    latest.reset();
    // What a burst of objects leaves freed the allocator holds on to; a trim walks all of its memory.
    if (log_.written_bytes() - written > kBurst || !std::exchange(trimmed, true)) ::malloc_trim(0);
  }
}

}  // namespace sources::api_server
