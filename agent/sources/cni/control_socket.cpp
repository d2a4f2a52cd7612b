#include "sources/cni/control_socket.h"

#include <poll.h>
#include <sys/socket.h>

#include <vector>

#include "model/desired/cni_conflist.h"

namespace sources::cni {

namespace {

// Far beyond the pods that start at once on one node; who comes later waits in the listener's queue.
constexpr size_t kMaxConnections = 512;

}  // namespace

base::Result<std::unique_ptr<ControlSocket>> ControlSocket::open(const std::string& run_dir) {
  const std::string path = model::desired::cni_socket_path(run_dir);
  base::Fd listener = TRY(io::cni::listen_at(path));
  return std::make_unique<ControlSocket>(std::move(listener), path);
}

ControlSocket::ControlSocket(base::Fd listener, std::string path) : listener_(std::move(listener)), path_(std::move(path)) {}

ControlSocket::~ControlSocket() { ::unlink(path_.c_str()); }

void ControlSocket::turn(int other, const std::function<void()>& woken, const Callbacks& callbacks) {
  // A connection that has spoken is only watched for its end, which poll(2) reports unasked.
  std::vector<pollfd> watched{{other, POLLIN, 0}, {connections_.size() < kMaxConnections ? listener_.get() : -1, POLLIN, 0}};
  std::vector<ConnectionId> ids;
  for (const auto& [id, connection] : connections_) {
    watched.push_back({connection.socket.get(), static_cast<short>(connection.heard ? 0 : POLLIN), 0});
    ids.push_back(id);
  }
  if (::poll(watched.data(), watched.size(), -1) < 0) return;
  if (watched[0].revents != 0) woken();
  for (size_t i = 0; i < ids.size(); ++i) {
    if (watched[i + 2].revents != 0) attend(ids[i], watched[i + 2].revents, callbacks);
  }
  if (watched[1].revents != 0) accept_all();
}

bool ControlSocket::reply(ConnectionId connection, const std::string& text) {
  const auto found = connections_.find(connection);
  if (found == connections_.end()) return false;
  const bool sent = io::cni::send_message(found->second.socket.get(), text, -1).ok();
  connections_.erase(found);
  return sent;
}

void ControlSocket::accept_all() {
  while (connections_.size() < kMaxConnections) {
    base::Fd socket(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (!socket) return;
    connections_.emplace(next_connection_++, Connection{std::move(socket)});
  }
}

void ControlSocket::attend(ConnectionId id, short events, const Callbacks& callbacks) {
  const auto found = connections_.find(id);
  if (found == connections_.end()) return;  // answered meanwhile
  Connection& connection = found->second;
  if (!connection.heard && (events & POLLIN)) {
    auto received = io::cni::receive_message(connection.socket.get());
    if (received) {
      connection.heard = true;
      return callbacks.heard(id, std::move(*received));
    }
    if (received.error().code == EAGAIN) return;
  }
  const bool waiting = connection.heard;
  connections_.erase(found);
  if (waiting) callbacks.hung_up(id);
}

}  // namespace sources::cni
