#include "io/http/server.h"

#include <httplib.h>

#include <thread>

#include "io/http/address.h"

namespace io::http {
namespace {

constexpr size_t kWorkers = 4;
constexpr size_t kLargestRequestBody = 4096;  // bytes; nothing here reads one

Request to_request(const httplib::Request& from) {
  Request request{from.path, {}, from.get_header_value("Accept")};
  for (const auto& [name, value] : from.params) request.query.emplace(name, value);
  return request;
}

// The library would share the port with another process by SO_REUSEPORT, and half of the questions would reach the wrong agent.
void socket_options(socket_t fd) {
  int on = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
}

}  // namespace

struct Server::State {
  httplib::Server server;
  std::thread thread;
};

Server::Server(Answer answer) : state_(std::make_unique<State>()) {
  httplib::Server& server = state_->server;
  server.new_task_queue = [] { return new httplib::ThreadPool(kWorkers); };
  server.set_keep_alive_max_count(1);
  server.set_keep_alive_timeout(1);  // also how long a connection may stay without a first byte
  server.set_read_timeout(2);
  server.set_write_timeout(5);
  server.set_payload_max_length(kLargestRequestBody);
  server.set_socket_options(socket_options);
  server.set_pre_routing_handler([answer = std::move(answer)](const httplib::Request& from, httplib::Response& to) {
    if (from.method != "GET" && from.method != "HEAD") {
      to.status = 405;
      to.set_header("Allow", "GET, HEAD");
      to.set_content("only GET is answered here\n", "text/plain; charset=utf-8");
      return httplib::Server::HandlerResponse::Handled;
    }
    Response response = answer(to_request(from));
    to.status = response.status;
    to.set_header("Cache-Control", "no-store");
    to.set_content(std::move(response.body), response.content_type);
    return httplib::Server::HandlerResponse::Handled;
  });
}

Server::~Server() { stop(); }

base::Result<int> Server::start(const std::string& address) {
  HostPort where = TRY(parse_host_port(address));
  httplib::Server& server = state_->server;
  errno = 0;
  int port = where.port ? where.port : server.bind_to_any_port(where.host);
  bool bound = where.port ? server.bind_to_port(where.host, where.port) : port > 0;
  // The library tells no reason; the call that failed last has left its own, or zero stayed.
  if (!bound) return base::system_error(errno ? errno : EADDRNOTAVAIL, "HTTP on " + address);  // NOLINT(clang-analyzer-unix.Errno)
  state_->thread = std::thread([&server] { server.listen_after_bind(); });
  server.wait_until_ready();  // else a stop() in the meantime would be lost
  return port;
}

void Server::stop() {
  if (!state_->thread.joinable()) return;
  state_->server.stop();
  state_->thread.join();
}

}  // namespace io::http
