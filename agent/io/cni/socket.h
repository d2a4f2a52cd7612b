// The control socket's two ends: SOCK_SEQPACKET, so that a message is whole or not there, with descriptors passed beside the text
// (SCM_RIGHTS). Paths and process ids mean different things to a runtime in namespaces of its own; descriptors do not.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/fd.h"
#include "base/result.h"

namespace io::cni {

struct Received {
  std::string text;
  std::vector<base::Fd> descriptors;
  bool too_long = false;  // longer than kMaxMessage: text is cut
};

// Listens with mode 0600; a socket that was there is replaced in one step. Nonblocking.
base::Result<base::Fd> listen_at(const std::string& path);
// A connection whose calls fail with EAGAIN once each has waited so long.
base::Result<base::Fd> connect_to(const std::string& path, base::Millis timeout);

// A negative descriptor passes none. A closed peer is EPIPE, never a signal.
base::Result<void> send_message(int socket, std::string_view text, int descriptor);
// ECONNRESET: the peer has closed.
base::Result<Received> receive_message(int socket);

}  // namespace io::cni
