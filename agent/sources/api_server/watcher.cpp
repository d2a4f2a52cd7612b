#include "sources/api_server/watcher.h"

#include <system_error>

namespace sources::api_server {

Watcher::Watcher(size_t kind, const std::string& node_name, std::unique_ptr<io::kube::Connection> connection, Sink sink)
    : reflector_(kind, node_name, std::random_device{}()), connection_(std::move(connection)), sink_(std::move(sink)) {}

Watcher::~Watcher() {
  stop();
  if (thread_.joinable()) thread_.join();
}

base::Result<void> Watcher::start() {
  try {
    thread_ = std::thread([this] { run(); });
  } catch (const std::system_error& error) {
    return base::system_error(error.code().value(), "thread of the API server source");
  }
  return {};
}

void Watcher::stop() {
  stop_.push({});
  connection_->stop();
}

void Watcher::run() {
  base::Millis wait{};
  while (stop_.take(base::boot_now() + wait).empty()) {
    Events begun, ended;
    Request request = reflector_.next(base::boot_now(), begun);
    tell(std::move(begun));
    auto outcome = connection_->get(request.target, request.silence, [this](std::string_view piece) {
      Events events;
      bool more = reflector_.take(piece, events);
      tell(std::move(events));
      return more;
    });
    wait = reflector_.ended(outcome, base::boot_now(), ended);
    tell(std::move(ended));
  }
}

void Watcher::tell(Events events) {
  if (!events.empty()) sink_(std::move(events));
}

}  // namespace sources::api_server
