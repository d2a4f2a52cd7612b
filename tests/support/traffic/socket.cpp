#include "support/traffic/socket.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <net/if.h>
#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstring>

namespace traffic {

double milliseconds_since(Clock::time_point start) { return std::chrono::duration<double, std::milli>(Clock::now() - start).count(); }

Socket::~Socket() {
  if (fd_ >= 0) close(fd_);
}

std::optional<Endpoint> parse_endpoint(std::string_view text, bool mapped) {
  size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  std::string_view port_text = text.substr(colon + 1);
  uint16_t port = 0;
  auto [end, error] = std::from_chars(port_text.begin(), port_text.end(), port);
  if (error != std::errc() || end != port_text.end()) return std::nullopt;
  std::string host(text.substr(0, colon));
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') host = host.substr(1, host.size() - 2);

  Endpoint endpoint;
  in_addr v4{};
  if (inet_pton(AF_INET, host.c_str(), &v4) == 1 && !mapped) {
    auto* address = reinterpret_cast<sockaddr_in*>(&endpoint.storage);
    *address = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr = v4, .sin_zero = {}};
    endpoint.length = sizeof *address;
    return endpoint;
  }
  auto* address = reinterpret_cast<sockaddr_in6*>(&endpoint.storage);
  *address = {.sin6_family = AF_INET6, .sin6_port = htons(port), .sin6_flowinfo = 0, .sin6_addr = {}, .sin6_scope_id = 0};
  if (size_t percent = host.find('%'); percent != std::string::npos) {
    address->sin6_scope_id = if_nametoindex(host.c_str() + percent + 1);
    host.resize(percent);
  }
  if (mapped && host.find(':') == std::string::npos) host = "::ffff:" + host;
  if (inet_pton(AF_INET6, host.c_str(), &address->sin6_addr) != 1) return std::nullopt;
  endpoint.length = sizeof *address;
  return endpoint;
}

std::string address_text(const sockaddr_storage& storage) {
  char text[INET6_ADDRSTRLEN] = "?";
  if (storage.ss_family == AF_INET) {
    inet_ntop(AF_INET, &reinterpret_cast<const sockaddr_in&>(storage).sin_addr, text, sizeof text);
  } else if (storage.ss_family == AF_INET6) {
    const in6_addr& address = reinterpret_cast<const sockaddr_in6&>(storage).sin6_addr;
    if (IN6_IS_ADDR_V4MAPPED(&address)) {
      inet_ntop(AF_INET, address.s6_addr + 12, text, sizeof text);
    } else {
      inet_ntop(AF_INET6, &address, text, sizeof text);
    }
  }
  return text;
}

int port_of(const sockaddr_storage& storage) {
  return ntohs(storage.ss_family == AF_INET ? reinterpret_cast<const sockaddr_in&>(storage).sin_port
                                            : reinterpret_cast<const sockaddr_in6&>(storage).sin6_port);
}

int connect_within(const Socket& socket, const Endpoint& peer, int timeout_ms) {
  int flags = fcntl(socket.fd(), F_GETFL);
  fcntl(socket.fd(), F_SETFL, flags | O_NONBLOCK);
  int error = connect(socket.fd(), peer.address(), peer.length) == 0 ? 0 : errno;
  if (error == EINPROGRESS) {
    pollfd wait{.fd = socket.fd(), .events = POLLOUT, .revents = 0};
    if (poll(&wait, 1, timeout_ms) == 1) {
      socklen_t size = sizeof error;
      getsockopt(socket.fd(), SOL_SOCKET, SO_ERROR, &error, &size);
    } else {
      error = ETIMEDOUT;
    }
  }
  fcntl(socket.fd(), F_SETFL, flags);
  return error;
}

bool send_all(int fd, const void* data, size_t size) {
  const char* at = static_cast<const char*>(data);
  while (size > 0) {
    ssize_t sent = send(fd, at, size, MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent <= 0) return false;
    at += sent;
    size -= sent;
  }
  return true;
}

bool receive_all(int fd, void* data, size_t size) {
  char* at = static_cast<char*>(data);
  while (size > 0) {
    ssize_t got = recv(fd, at, size, 0);
    if (got < 0 && errno == EINTR) continue;
    if (got == 0) errno = ECONNRESET;
    if (got <= 0) return false;
    at += got;
    size -= got;
  }
  return true;
}

std::optional<std::string> receive_line(int fd) {
  std::string line;
  char letter = 0;
  while (line.size() < 200 && receive_all(fd, &letter, 1)) {
    if (letter == '\n') return line;
    line += letter;
  }
  return std::nullopt;
}

void set_receive_timeout(int fd, int milliseconds) {
  timeval time{.tv_sec = milliseconds / 1000, .tv_usec = milliseconds % 1000 * 1000};
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &time, sizeof time);
}

int exit_code_of(int error) {
  switch (error) {
    case 0:
      return 0;
    case ECONNREFUSED:
      return 2;
    case ETIMEDOUT:
    case EAGAIN:
      return 3;
    case ECONNRESET:
    case EPIPE:
      return 4;
    case EHOSTUNREACH:
    case ENETUNREACH:
      return 5;
    default:
      return 1;
  }
}

const char* word_of(int error) {
  static const char* const kWords[] = {"ok", "failed", "refused", "timeout", "reset", "unreachable"};
  return kWords[exit_code_of(error)];
}

}  // namespace traffic
