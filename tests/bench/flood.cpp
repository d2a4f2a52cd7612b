// New flows as fast as asked, without a socket for each: the first packet of every one, by a raw socket. What is called answers, or does
// not because the packet's checksum is wrong; the sender's own kernel then ends a TCP connection by a reset, as nobody waits for the
// answer. usage: bench_flood tcp|udp|unanswered FIRST-ADDRESS ADDRESSES PORT FIRST-FLOW FLOWS FLOWS-A-SECOND Flow N goes to address N %
// ADDRESSES from port 1024 + N / ADDRESSES % 64,000, so that equal numbers are equal flows. `unanswered` are SYNs with a wrong checksum.
// Flows a second: 0 for as many as possible. Prints what was sent, and how fast.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/tcp.h>
#include <netinet/udp.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <thread>

#include "base/fd.h"

namespace {

using Clock = std::chrono::steady_clock;

constexpr uint32_t kBatch = 64, kPorts = 64'000;
constexpr uint16_t kFirstPort = 1024;

struct Plan {
  bool tcp = true, answered = true;
  uint32_t first_address = 0, addresses = 1;  // host order
  uint16_t port = 0;
  uint64_t first_flow = 0, flows = 0;
  double per_second = 0;
};

struct [[gnu::packed]] Packet {
  iphdr ip;
  union {
    tcphdr tcp;
    udphdr udp;
  };
};

[[noreturn]] void die(const char* what) {
  std::perror(what);
  std::exit(1);
}

uint32_t sum(const void* data, size_t size, uint32_t total = 0) {  // size even
  for (size_t i = 0; i < size; i += 2) {
    uint16_t word;
    std::memcpy(&word, static_cast<const char*>(data) + i, 2);
    total += word;
  }
  return total;
}
uint16_t folded(uint32_t total) {
  while (total >> 16) total = (total & 0xffff) + (total >> 16);
  return static_cast<uint16_t>(~total);
}

// The address with which this host calls that one.
in_addr source_for(uint32_t address) {
  base::Fd fd(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  sockaddr_in to = {}, own = {};
  to.sin_family = AF_INET, to.sin_port = htons(9), to.sin_addr.s_addr = htonl(address);
  socklen_t size = sizeof own;
  if (connect(fd.get(), reinterpret_cast<sockaddr*>(&to), sizeof to) != 0) die("route");
  if (getsockname(fd.get(), reinterpret_cast<sockaddr*>(&own), &size) != 0) die("own address");
  return own.sin_addr;
}

size_t write_packet(const Plan& plan, in_addr source, uint64_t flow, Packet& packet) {
  const size_t transport = plan.tcp ? sizeof(tcphdr) : sizeof(udphdr);
  packet = {};
  packet.ip.version = 4, packet.ip.ihl = 5, packet.ip.ttl = 64;
  packet.ip.protocol = plan.tcp ? IPPROTO_TCP : IPPROTO_UDP;
  packet.ip.saddr = source.s_addr;
  packet.ip.daddr = htonl(plan.first_address + static_cast<uint32_t>(flow % plan.addresses));
  const uint16_t port = htons(static_cast<uint16_t>(kFirstPort + flow / plan.addresses % kPorts));
  const uint32_t pseudo_header = sum(&packet.ip.saddr, 8, htons(packet.ip.protocol) + htons(static_cast<uint16_t>(transport)));
  if (plan.tcp) {
    packet.tcp.source = port, packet.tcp.dest = htons(plan.port);
    packet.tcp.doff = 5, packet.tcp.syn = 1, packet.tcp.window = htons(65535), packet.tcp.seq = htonl(static_cast<uint32_t>(flow));
    packet.tcp.check = folded(sum(&packet.tcp, transport, pseudo_header));
    if (!plan.answered) packet.tcp.check = static_cast<uint16_t>(~packet.tcp.check);
  } else {
    packet.udp.source = port, packet.udp.dest = htons(plan.port), packet.udp.len = htons(static_cast<uint16_t>(transport));
    packet.udp.check = folded(sum(&packet.udp, transport, pseudo_header));
  }
  return sizeof(iphdr) + transport;
}

void send_all(int fd, mmsghdr* messages, uint32_t count) {
  for (uint32_t sent = 0; sent < count;) {
    const int more = sendmmsg(fd, messages + sent, count - sent, 0);
    if (more > 0)
      sent += static_cast<uint32_t>(more);
    else if (errno != ENOBUFS && errno != EAGAIN && errno != EINTR)
      die("send");
  }
}

void run(const Plan& plan) {
  base::Fd fd(socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_RAW));
  if (fd.get() < 0) die("raw socket");
  const in_addr source = source_for(plan.first_address);
  std::array<Packet, kBatch> packets;
  std::array<sockaddr_in, kBatch> targets = {};
  std::array<iovec, kBatch> parts = {};
  std::array<mmsghdr, kBatch> messages = {};
  const auto start = Clock::now();
  for (uint64_t done = 0; done < plan.flows;) {
    uint32_t count = 0;
    for (; count < kBatch && done < plan.flows; ++count, ++done) {
      parts[count] = {&packets[count], write_packet(plan, source, plan.first_flow + done, packets[count])};
      targets[count].sin_family = AF_INET, targets[count].sin_addr.s_addr = packets[count].ip.daddr;
      messages[count].msg_hdr = {.msg_name = &targets[count],
                                 .msg_namelen = sizeof targets[count],
                                 .msg_iov = &parts[count],
                                 .msg_iovlen = 1,
                                 .msg_control = nullptr,
                                 .msg_controllen = 0,
                                 .msg_flags = 0};
    }
    send_all(fd.get(), messages.data(), count);
    if (plan.per_second > 0)
      std::this_thread::sleep_until(start + std::chrono::duration<double>(static_cast<double>(done) / plan.per_second));
  }
  const double seconds = std::chrono::duration<double>(Clock::now() - start).count();
  std::printf("{\"sent\": %llu, \"seconds\": %.3f, \"per_second\": %.0f}\n", static_cast<unsigned long long>(plan.flows), seconds,
              static_cast<double>(plan.flows) / seconds);
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 8) return 64;
  const std::string kind = arguments[1];
  Plan plan{.tcp = kind != "udp", .answered = kind != "unanswered"};
  in_addr first;
  if (inet_pton(AF_INET, arguments[2], &first) != 1) return 64;
  plan.first_address = ntohl(first.s_addr);
  plan.addresses = static_cast<uint32_t>(std::strtoul(arguments[3], nullptr, 10));
  plan.port = static_cast<uint16_t>(std::strtoul(arguments[4], nullptr, 10));
  plan.first_flow = std::strtoull(arguments[5], nullptr, 10);
  plan.flows = std::strtoull(arguments[6], nullptr, 10);
  plan.per_second = std::strtod(arguments[7], nullptr);
  if (!plan.addresses || !plan.port) return 64;
  run(plan);
  return 0;
}
