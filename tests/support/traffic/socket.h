// Sockets as the traffic tool needs them: addresses by number only, one dual-stack form for all. Errors are errno values: the tool's
// exit codes come from them.
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace traffic {

using Clock = std::chrono::steady_clock;

double milliseconds_since(Clock::time_point start);

class Socket {
 public:
  Socket() = default;
  explicit Socket(int fd) : fd_(fd) {}
  Socket(Socket&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Socket& operator=(Socket&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~Socket();
  int fd() const { return fd_; }

 private:
  int fd_ = -1;
};

// IPv4 addresses are kept as AF_INET unless `mapped` was asked for, which makes them ::ffff:a.b.c.d on an AF_INET6 socket.
struct Endpoint {
  sockaddr_storage storage{};
  socklen_t length = 0;

  const sockaddr* address() const { return reinterpret_cast<const sockaddr*>(&storage); }
  int family() const { return storage.ss_family; }
};

// "10.0.0.1:80" or "[fd00::1]:80", with "%NAME" for a link-local address.
std::optional<Endpoint> parse_endpoint(std::string_view text, bool mapped);

// The address without the port; v4-mapped ones as plain IPv4.
std::string address_text(const sockaddr_storage& storage);
int port_of(const sockaddr_storage& storage);  // host order

// Connects within the time; 0 or errno (ETIMEDOUT when the time ran out).
int connect_within(const Socket& socket, const Endpoint& peer, int timeout_ms);

// All of it, or false with errno set.
bool send_all(int fd, const void* data, size_t size);
bool receive_all(int fd, void* data, size_t size);
// Up to and without the newline; nothing at the end of the stream, on an error, or after 200 bytes.
std::optional<std::string> receive_line(int fd);

void set_receive_timeout(int fd, int milliseconds);

// 0 fine, 2 refused, 3 timed out, 4 reset, 5 unreachable, 1 anything else: what a script can tell apart.
int exit_code_of(int error);
const char* word_of(int error);  // "ok", "refused", "timeout", "reset", "unreachable", "failed"

// The stream of bytes that `bulk` sends: word number `index` of it.
inline uint64_t pattern_word(uint64_t index) {
  uint64_t word = index * 0x9E3779B97F4A7C15ULL;
  return word ^ (word >> 29);
}

}  // namespace traffic
