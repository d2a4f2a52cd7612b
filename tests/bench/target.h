// Where a bench connects to.
#pragma once

#include <netdb.h>

#include <string>

namespace bench {

// ADDRESS:PORT or [ADDRESS]:PORT, for freeaddrinfo(); null: it is none.
inline addrinfo* parse_target(const std::string& target) {
  auto colon = target.rfind(':');
  std::string host = target.substr(0, colon), port = target.substr(colon + 1);
  if (host.starts_with('[')) host = host.substr(1, host.size() - 2);
  addrinfo* address = nullptr;
  addrinfo hints = {};
  hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV, hints.ai_socktype = SOCK_STREAM;
  return getaddrinfo(host.c_str(), port.c_str(), &hints, &address) == 0 ? address : nullptr;
}

}  // namespace bench
