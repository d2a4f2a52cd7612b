// Real sockets for tests of what programs make of them: an application's calls, and the servers that they may reach.
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include <cstring>
#include <ostream>
#include <vector>

#include "base/fd.h"
#include "base/ip.h"

namespace support {

struct Endpoint {
  base::Ip ip;
  uint16_t port = 0;  // host order

  bool operator==(const Endpoint&) const = default;
};
inline std::ostream& operator<<(std::ostream& out, const Endpoint& endpoint) {
  return out << base::to_string(endpoint.ip) << " port " << endpoint.port;
}

struct Server {
  base::Fd fd;
  Endpoint endpoint;
};
// On a port of the kernel's choice; SOCK_STREAM or SOCK_DGRAM; protocol IPPROTO_*, 0: the type's own.
Server serve(int type, const char* address, int protocol = 0);

base::Fd client(int family, int type, int protocol = 0);

// 0 or the errno. An AF_INET6 socket may call an IPv4 address.
int connect_to(const base::Fd& fd, int family, const Endpoint& peer);
int disconnect(const base::Fd& fd);
int send_to(const base::Fd& fd, int family, const Endpoint& peer);

bool wait_readable(int fd);
Endpoint peer_name(const base::Fd& fd);
Endpoint receive(const base::Fd& fd);             // takes one datagram; returns who sent it
void answer(const Server& server);                // takes one datagram and sends one back to where it came from
int reached(const std::vector<Server>& servers);  // which of the servers has something to read; -1: none

}  // namespace support
