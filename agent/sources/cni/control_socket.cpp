#include "sources/cni/control_socket.h"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
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

ControlSocket::ControlSocket(base::Fd listener, std::string path, base::Millis silence)
    : listener_(std::move(listener)), path_(std::move(path)), silence_(silence) {}

ControlSocket::~ControlSocket() { ::unlink(path_.c_str()); }

void ControlSocket::turn(int other, const std::function<void()>& woken, const Callbacks& callbacks) {
  // A connection that has spoken is only watched for its end, which poll(2) reports unasked.
  std::vector<pollfd> watched{{other, POLLIN, 0}, {connections_.size() < kMaxConnections ? listener_.get() : -1, POLLIN, 0}};
  std::vector<ConnectionId> ids;
  for (const auto& [id, connection] : connections_) {
    watched.push_back({connection.socket.get(), static_cast<short>(connection.heard ? 0 : POLLIN), 0});
    ids.push_back(id);
  }
  if (::poll(watched.data(), watched.size(), patience()) < 0) return;
  if (watched[0].revents != 0) woken();
  for (size_t i = 0; i < ids.size(); ++i) {
    if (watched[i + 2].revents != 0) attend(ids[i], watched[i + 2].revents, callbacks);
  }
  drop_silent();
  if (watched[1].revents != 0) accept_all();
}

// Until the first of them must have spoken, for poll(2).
int ControlSocket::patience() const {
  for (const auto& [id, connection] : connections_)
    if (!connection.heard) return static_cast<int>(std::max<int64_t>((connection.speaks_by - base::boot_now()).count() + 1, 0));
  return -1;
}

void ControlSocket::drop_silent() {
  const base::BootTime now = base::boot_now();
  std::erase_if(connections_, [now](const auto& entry) { return !entry.second.heard && now >= entry.second.speaks_by; });
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
    connections_.emplace(next_connection_++, Connection{std::move(socket), base::boot_now() + silence_});
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
