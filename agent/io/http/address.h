// "ADDRESS:PORT" of a listening socket. `localhost` is 127.0.0.1 here: no resolver is asked, there is none in a static binary.
#pragma once

#include <string>

#include "base/result.h"

namespace io::http {

struct HostPort {
  std::string host;  // an address without brackets
  int port = 0;
};

base::Result<HostPort> parse_host_port(const std::string& text);

}  // namespace io::http
