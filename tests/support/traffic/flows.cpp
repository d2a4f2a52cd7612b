// Long-lived flows: each sends a number every few milliseconds and expects it back. TCP: a reset, a gap in time and the kernel's
// count of retransmissions are told; UDP: the numbers that never came back. A connected socket that is cut off connects anew, as resolvers
// do, and sends its number again.
#include <netinet/tcp.h>
#include <poll.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <thread>

#include "support/traffic/commands.h"
#include "support/traffic/socket.h"

namespace traffic {
namespace {

constexpr int kLastAnswersWithinMs = 1000;

struct Flow {
  std::string target;
  bool tcp = false, mapped = false, connected = true;
  Endpoint endpoint;
  Socket socket;
  int error = 0;  // errno
  uint64_t sent = 0, received = 0, disordered = 0, retransmitted = 0, reconnected = 0;
  double longest_gap = 0;  // milliseconds between two answers
  std::vector<bool> seen;  // UDP: numbers that came back
};

// "tcp:1.2.3.4:80".
bool parse_flow(const std::string& text, Flow& flow) {
  size_t colon = text.find(':');
  std::string kind = text.substr(0, colon);
  flow.target = text;
  flow.tcp = kind.starts_with("tcp");
  flow.mapped = kind.ends_with("m");
  flow.connected = kind != "udpu";
  if (colon == std::string::npos || (kind != "tcp" && kind != "tcpm" && kind != "udp" && kind != "udpm" && kind != "udpu")) return false;
  auto endpoint = parse_endpoint(text.substr(colon + 1), flow.mapped);
  if (!endpoint) return false;
  flow.endpoint = *endpoint;
  return true;
}

int open_flow(Flow& flow, int timeout_ms) {
  flow.socket = Socket(::socket(flow.endpoint.family(), (flow.tcp ? SOCK_STREAM : SOCK_DGRAM) | SOCK_CLOEXEC, 0));
  if (!flow.connected) return 0;
  int error = connect_within(flow.socket, flow.endpoint, timeout_ms);
  if (error != 0 || !flow.tcp) return error;
  int yes = 1;
  setsockopt(flow.socket.fd(), IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
  return send_all(flow.socket.fd(), "stream\n", 7) ? 0 : errno;
}

bool send_once(const Flow& flow, uint64_t number) {
  if (flow.tcp) return send_all(flow.socket.fd(), &number, sizeof number);
  if (flow.connected) return send(flow.socket.fd(), &number, sizeof number, 0) == sizeof number;
  return sendto(flow.socket.fd(), &number, sizeof number, 0, flow.endpoint.address(), flow.endpoint.length) == sizeof number;
}

bool connect_again(Flow& flow, int error) {
  if (flow.tcp || !flow.connected || (error != ECONNABORTED && error != EDESTADDRREQ)) return false;
  if (connect(flow.socket.fd(), flow.endpoint.address(), flow.endpoint.length) != 0) return false;
  ++flow.reconnected;
  return true;
}

bool send_number(Flow& flow) {
  bool sent = send_once(flow, flow.sent);
  if (!sent && connect_again(flow, errno)) sent = send_once(flow, flow.sent);
  if (!sent) flow.error = errno;
  ++flow.sent;
  if (!flow.tcp) flow.seen.push_back(false);
  return sent || !flow.tcp;  // a datagram that could not be sent is a lost number, and the flow goes on
}

bool receive_number(Flow& flow) {
  uint64_t number = 0;
  if (flow.tcp) {
    if (!receive_all(flow.socket.fd(), &number, sizeof number)) {
      flow.error = errno;
      return false;
    }
    if (number != flow.received) ++flow.disordered;
    ++flow.received;
    return true;
  }
  if (recv(flow.socket.fd(), &number, sizeof number, 0) != sizeof number) {
    if (int error = errno; !connect_again(flow, error)) flow.error = error;
    return true;
  }
  if (number < flow.seen.size() && !flow.seen[number]) {
    flow.seen[number] = true;
    ++flow.received;
  } else {
    ++flow.disordered;
  }
  return true;
}

void run_flow(Flow& flow, const Options& options, Clock::time_point end) {
  auto next = Clock::now(), last_answer = next;
  auto drained = Clock::time_point::max();
  for (;;) {
    auto now = Clock::now();
    if (drained == Clock::time_point::max() && (stopping || now >= end)) drained = now + std::chrono::milliseconds(kLastAnswersWithinMs);
    bool sending = drained == Clock::time_point::max();
    if (!sending && (now >= drained || flow.received == flow.sent)) break;
    if (sending && now >= next) {
      if (!send_number(flow)) break;
      next = std::max(next + std::chrono::milliseconds(options.interval_ms), now);
    }
    auto wait_ns = std::chrono::duration_cast<std::chrono::nanoseconds>((sending ? next : drained) - Clock::now()).count();
    timespec wait{.tv_sec = 0, .tv_nsec = std::max<long>(0, std::min<long>(wait_ns, 50'000'000))};
    pollfd ready{.fd = flow.socket.fd(), .events = POLLIN, .revents = 0};
    if (ppoll(&ready, 1, &wait, nullptr) != 1) continue;
    if (!receive_number(flow)) break;
    flow.longest_gap = std::max(flow.longest_gap, milliseconds_since(last_answer));
    last_answer = Clock::now();
  }
  flow.longest_gap = std::max(flow.longest_gap, flow.received == flow.sent ? 0 : milliseconds_since(last_answer));
  tcp_info tcp{};
  socklen_t size = sizeof tcp;
  if (flow.tcp && getsockopt(flow.socket.fd(), IPPROTO_TCP, TCP_INFO, &tcp, &size) == 0) flow.retransmitted = tcp.tcpi_total_retrans;
}

void print_flow(const Flow& flow) {
  std::string lost;
  for (size_t number = 0; number < flow.seen.size() && lost.size() < 200; ++number) {
    if (!flow.seen[number]) lost += (lost.empty() ? "" : ",") + std::to_string(number);
  }
  std::printf(
      "{\"flow\":\"%s\",\"result\":\"%s\",\"sent\":%llu,\"received\":%llu,\"lost\":%llu,\"lost_numbers\":[%s],\"disordered\":%llu,"
      "\"retransmitted\":%llu,\"reconnected\":%llu,\"longest_gap_ms\":%.1f}\n",
      flow.target.c_str(), word_of(flow.error), static_cast<unsigned long long>(flow.sent), static_cast<unsigned long long>(flow.received),
      static_cast<unsigned long long>(flow.sent - flow.received), lost.c_str(), static_cast<unsigned long long>(flow.disordered),
      static_cast<unsigned long long>(flow.retransmitted), static_cast<unsigned long long>(flow.reconnected), flow.longest_gap);
}

}  // namespace

int flows(const Options& options) {
  std::vector<Flow> all(options.targets.size());
  for (size_t i = 0; i < all.size(); ++i) {
    if (!parse_flow(options.targets[i], all[i])) {
      std::fprintf(stderr, "%s: not KIND:ADDRESS:PORT\n", options.targets[i].c_str());
      return 64;
    }
    all[i].error = open_flow(all[i], options.timeout_ms);
    if (all[i].error != 0) {
      print_flow(all[i]);
      return exit_code_of(all[i].error);
    }
  }
  std::printf("{\"flows\":%zu}\n", all.size());
  auto end = options.seconds == 0 ? Clock::time_point::max()
                                  : Clock::now() + std::chrono::milliseconds(static_cast<int64_t>(options.seconds * 1000));
  std::vector<std::thread> threads;
  for (auto& flow : all) threads.emplace_back([&flow, &options, end] { run_flow(flow, options, end); });
  int worst = 0;
  for (size_t i = 0; i < all.size(); ++i) {
    threads[i].join();
    print_flow(all[i]);
    worst = std::max(worst, exit_code_of(all[i].error));
  }
  return worst;
}

}  // namespace traffic
