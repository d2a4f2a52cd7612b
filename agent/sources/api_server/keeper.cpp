#include "sources/api_server/keeper.h"

#include <malloc.h>

#include <system_error>

namespace sources::api_server {

Keeper::~Keeper() {
  if (!thread_.joinable()) return;
  mailbox_.push(std::nullopt);
  thread_.join();
}

base::Result<void> Keeper::start() {
  try {
    thread_ = std::thread([this] { run(); });
  } catch (const std::system_error& error) {
    return base::system_error(error.code().value(), "thread of the kept state");
  }
  return {};
}

void Keeper::run() {
  for (;;) {
    std::optional<KeptState> latest;
    bool last = false;
    for (auto& state : mailbox_.take(std::nullopt)) {
      last |= !state;
      if (state) latest = std::move(state);
    }
    if (latest) report_(save_kept_state(path_, *latest));
    if (last) return;
    latest.reset();
    ::malloc_trim(0);  // a burst of objects leaves freed memory behind that the allocator holds on to
  }
}

}  // namespace sources::api_server
