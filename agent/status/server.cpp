#include "status/server.h"

#include "status/answers.h"

namespace status {

Server::Server(std::string address, const model::PublishedCell& cell, std::function<bool()> alive)
    : address_(std::move(address)), server_([&cell, alive = std::move(alive)](const io::http::Request& request) {
        return answer(request, Moment{cell.load(), alive(), base::boot_now(), look_around});
      }) {}

base::Result<void> Server::start() {
  port_ = TRY(server_.start(address_));
  return {};
}

void Server::stop() { server_.stop(); }

}  // namespace status
