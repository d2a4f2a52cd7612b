#include "sources/api_server/watcher.h"

namespace sources::api_server {

Watcher::Watcher(size_t kind, const std::string& node_name, const std::string& proxy_name, std::unique_ptr<io::kube::Connection> connection,
                 Callbacks callbacks)
    : reflector_(kind, node_name, std::random_device{}(), proxy_name),
      connection_(std::move(connection)),
      callbacks_(std::move(callbacks)) {}

Watcher::~Watcher() {
  stop();
  join();
}

base::Result<void> Watcher::start() {
  return thread_.start([this] { run(); });
}

void Watcher::stop() {
  orders_.push(Order::kStop);
  connection_->stop();
}

void Watcher::join() {
  if (thread_.joinable()) thread_.join();
}

void Watcher::run() {
  Pause pause;
  while (wait(pause)) {
    auto outcome = ask(pause.until_reachable);
    Events ended;
    pause = reflector_.ended(outcome, base::boot_now(), ended);
    report(std::move(ended));
  }
}

bool Watcher::wait(const Pause& pause) {
  const base::BootTime until = base::boot_now() + pause.time;
  for (;;) {
    auto orders = orders_.take(until);
    bool retry = orders.empty();  // the time is up
    for (Order order : orders) {
      if (order == Order::kStop) return false;
      retry |= pause.until_reachable;
    }
    if (retry) return true;
  }
}

base::Result<io::kube::Answer> Watcher::ask(bool was_unreachable) {
  Events begun;
  Request request = reflector_.next(base::boot_now(), begun);
  report(std::move(begun));
  return connection_->get(request.target, request.silence, [&](std::string_view piece) {
    if (std::exchange(was_unreachable, false)) callbacks_.reached();
    Events events;
    bool more = reflector_.take(piece, base::boot_now(), events);
    report(std::move(events));
    return more;
  });
}

void Watcher::report(Events events) {
  if (!events.empty()) callbacks_.report(std::move(events));
}

}  // namespace sources::api_server
