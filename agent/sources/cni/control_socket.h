// RUN-DIR/agent.sock as the agent holds it: plugins come, each says one thing, gets one reply and is let go. Knows sockets, not CNI.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "base/clock.h"
#include "base/fd.h"
#include "base/result.h"
#include "io/cni/socket.h"

namespace sources::cni {

using ConnectionId = uint64_t;  // never used twice

class ControlSocket {
 public:
  struct Callbacks {
    std::function<void(ConnectionId, io::cni::Received)> heard;
    std::function<void(ConnectionId)> hung_up;  // before it got its reply
  };

  // The caller holds the run directory (io/files/directory_lock.h). A socket that is there already is a dead agent's.
  static base::Result<std::unique_ptr<ControlSocket>> open(const std::string& run_dir);
  // A plugin says what it wants at once. One that says nothing for `silence` is let go: it would keep others out.
  ControlSocket(base::Fd listener, std::string path, base::Millis silence = base::Millis(5'000));
  ~ControlSocket();
  ControlSocket(ControlSocket&&) = delete;

  // Waits until a plugin does something, one has said nothing for too long, or the other descriptor is readable. `woken` runs first in the
  // latter case, so that what was said before a plugin asked is known when it is answered.
  void turn(int other, const std::function<void()>& woken, const Callbacks& callbacks);
  // Sends and closes; false when the plugin has gone. Never blocks.
  bool reply(ConnectionId connection, const std::string& text);

 private:
  struct Connection {
    base::Fd socket;
    base::BootTime speaks_by;
    bool heard = false;
  };

  int patience() const;
  void drop_silent();
  void accept_all();
  void attend(ConnectionId connection, short events, const Callbacks& callbacks);

  base::Fd listener_;
  std::string path_;
  base::Millis silence_;
  std::map<ConnectionId, Connection> connections_;
  ConnectionId next_connection_ = 1;
};

}  // namespace sources::cni
