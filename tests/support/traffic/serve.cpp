// The server: one dual-stack TCP port and the same UDP port. UDP answers leave from the address that was asked, as a host with many
// addresses must do.
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <poll.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <thread>

#include "support/traffic/commands.h"
#include "support/traffic/socket.h"

namespace traffic {
namespace {

struct Datagram {
  std::array<char, 65536> bytes;
  size_t size = 0;
  sockaddr_storage peer{};
  socklen_t peer_length = 0;
  sockaddr_storage local{};  // the address it was sent to
  int hop_limit = -1;        // as it arrived
};

std::string answer_text(const Options& options, const sockaddr_storage& peer, const sockaddr_storage& local, int hop_limit) {
  std::string text = "{\"name\":\"" + options.name + "\",\"peer\":\"" + address_text(peer) + "\",\"local\":\"" + address_text(local) + "\"";
  if (hop_limit >= 0) text += ",\"ttl\":" + std::to_string(hop_limit);
  return text + "}";
}

void send_words(int fd, uint64_t bytes) {
  std::array<uint64_t, 8192> words;
  uint64_t index = 0;
  bool endless = bytes == 0;
  while (endless || bytes > 0) {
    for (auto& word : words) word = pattern_word(index++);
    size_t size = endless ? sizeof words : std::min<uint64_t>(bytes, sizeof words);
    if (!send_all(fd, words.data(), size)) return;
    if (!endless) bytes -= size;
  }
}

void echo(int fd) {
  std::array<char, 4096> bytes;
  for (;;) {
    ssize_t got = recv(fd, bytes.data(), bytes.size(), 0);
    if (got <= 0 || !send_all(fd, bytes.data(), got)) return;
  }
}

void serve_connection(const Options& options, Socket connection) {
  int yes = 1;
  setsockopt(connection.fd(), IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
  auto line = receive_line(connection.fd());
  if (!line) return;
  if (*line == "ask") {
    sockaddr_storage peer{}, local{};
    socklen_t length = sizeof peer;
    getpeername(connection.fd(), reinterpret_cast<sockaddr*>(&peer), &length);
    length = sizeof local;
    getsockname(connection.fd(), reinterpret_cast<sockaddr*>(&local), &length);
    std::string text = answer_text(options, peer, local, -1) + "\n";
    send_all(connection.fd(), text.data(), text.size());
  } else if (*line == "stream") {
    echo(connection.fd());
  } else if (line->starts_with("bulk ")) {
    send_words(connection.fd(), std::strtoull(line->c_str() + 5, nullptr, 10));
  }
}

bool receive_datagram(int fd, Datagram& datagram) {
  alignas(cmsghdr) std::array<char, 256> control;
  iovec part{datagram.bytes.data(), datagram.bytes.size()};
  msghdr message{&datagram.peer, sizeof datagram.peer, &part, 1, control.data(), control.size(), 0};
  ssize_t got = recvmsg(fd, &message, 0);
  if (got < 0) return false;
  datagram.size = got;
  datagram.peer_length = message.msg_namelen;
  datagram.hop_limit = -1;
  auto* local = reinterpret_cast<sockaddr_in6*>(&datagram.local);
  local->sin6_family = AF_INET6;
  for (cmsghdr* item = CMSG_FIRSTHDR(&message); item; item = CMSG_NXTHDR(&message, item)) {
    if (item->cmsg_level == IPPROTO_IPV6 && item->cmsg_type == IPV6_PKTINFO) {
      local->sin6_addr = reinterpret_cast<in6_pktinfo*>(CMSG_DATA(item))->ipi6_addr;
    } else if ((item->cmsg_level == IPPROTO_IPV6 && item->cmsg_type == IPV6_HOPLIMIT) ||
               (item->cmsg_level == IPPROTO_IP && item->cmsg_type == IP_TTL)) {
      std::memcpy(&datagram.hop_limit, CMSG_DATA(item), sizeof(int));
    }
  }
  return true;
}

void send_from(int fd, const Datagram& question, std::string_view text) {
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(in6_pktinfo))> control{};
  iovec part{const_cast<char*>(text.data()), text.size()};
  sockaddr_storage peer = question.peer;
  msghdr message{&peer, question.peer_length, &part, 1, control.data(), control.size(), 0};
  cmsghdr* item = CMSG_FIRSTHDR(&message);
  item->cmsg_level = IPPROTO_IPV6;
  item->cmsg_type = IPV6_PKTINFO;
  item->cmsg_len = CMSG_LEN(sizeof(in6_pktinfo));
  in6_pktinfo info{.ipi6_addr = reinterpret_cast<const sockaddr_in6&>(question.local).sin6_addr, .ipi6_ifindex = 0};
  std::memcpy(CMSG_DATA(item), &info, sizeof info);
  sendmsg(fd, &message, 0);
}

void serve_datagrams(const Options& options, int fd) {
  Datagram datagram;
  for (;;) {
    if (!receive_datagram(fd, datagram)) continue;
    std::string_view question(datagram.bytes.data(), datagram.size);
    if (question.starts_with("ask")) {
      std::string answer = answer_text(options, datagram.peer, datagram.local, datagram.hop_limit);
      answer.resize(std::max(answer.size(), question.size() == 3 ? 0 : question.size()), ' ');  // as large as it was asked
      send_from(fd, datagram, answer);
    } else {
      send_from(fd, datagram, question);
    }
  }
}

// Dual stack, or only the one address of --bind.
int open_port(const Options& options, int type, Socket& socket) {
  socket = Socket(::socket(AF_INET6, type | SOCK_CLOEXEC, 0));
  int yes = 1, no = 0;
  setsockopt(socket.fd(), IPPROTO_IPV6, IPV6_V6ONLY, &no, sizeof no);
  setsockopt(socket.fd(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  std::string text = (options.bind.empty() ? "::" : options.bind) + ":" + std::to_string(options.port);
  auto endpoint = parse_endpoint(text, true);
  if (!endpoint) return EINVAL;
  if (bind(socket.fd(), endpoint->address(), endpoint->length) != 0) return errno;
  if (type == SOCK_STREAM) return listen(socket.fd(), 256) == 0 ? 0 : errno;
  setsockopt(socket.fd(), IPPROTO_IPV6, IPV6_RECVPKTINFO, &yes, sizeof yes);
  setsockopt(socket.fd(), IPPROTO_IPV6, IPV6_RECVHOPLIMIT, &yes, sizeof yes);
  setsockopt(socket.fd(), IPPROTO_IP, IP_RECVTTL, &yes, sizeof yes);
  return 0;
}

}  // namespace

int serve(const Options& options) {
  Socket tcp, udp;
  int error = open_port(options, SOCK_STREAM, tcp);
  if (error == 0) error = open_port(options, SOCK_DGRAM, udp);
  if (error != 0) {
    std::fprintf(stderr, "port %d: %s\n", options.port, std::strerror(error));
    return 1;
  }
  std::thread([&options, fd = udp.fd()] { serve_datagrams(options, fd); }).detach();
  std::printf("{\"serving\":\"%s\",\"port\":%d}\n", options.name.c_str(), options.port);
  while (!stopping) {
    pollfd wait{.fd = tcp.fd(), .events = POLLIN, .revents = 0};
    if (poll(&wait, 1, -1) != 1) continue;
    Socket connection(accept4(tcp.fd(), nullptr, nullptr, SOCK_CLOEXEC));
    if (connection.fd() < 0) continue;
    std::thread([&options, moved = std::move(connection)]() mutable { serve_connection(options, std::move(moved)); }).detach();
  }
  std::quick_exit(0);  // the threads of running connections hold references to what returning would destroy
}

}  // namespace traffic
