#include "status/server.h"

#include "status/answers.h"

namespace status {

Server::Server(std::string address, const model::PublishedCell& cell, std::function<bool()> alive, UseCache& use)
    : address_(std::move(address)), server_([this, &cell, &use, alive = std::move(alive)](const io::http::Request& request) {
        auto look = [&use](const std::string& bpf_root) { return look_around(bpf_root, use); };
        return answer(request, Moment{cell.load(), alive(), base::boot_now(), look, &kernel_});
      }) {}

base::Result<void> Server::start() {
  port_ = TRY(server_.start(address_));
  return {};
}

void Server::stop() { server_.stop(); }

}  // namespace status
