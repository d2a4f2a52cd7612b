#include "io/cni/client.h"

#include "io/cni/socket.h"

namespace io::cni {

base::Result<Reply> ask_agent(const std::string& socket, const Request& request, int netns, base::Millis timeout) {
  const base::Fd connection = TRY_IN(connect_to(socket, timeout), "agent");
  TRY_IN(send_message(connection.get(), encode(request), netns), "agent");
  const Received received = TRY_IN(receive_message(connection.get()), "agent");
  return TRY_IN(parse_reply(received.text), "agent");
}

bool is_agent_away(const base::Error& error) {
  return error.code == ENOENT || error.code == ECONNREFUSED || error.code == ECONNRESET || error.code == EPIPE || error.code == EAGAIN;
}

}  // namespace io::cni
