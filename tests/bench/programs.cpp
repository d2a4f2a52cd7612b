// What a packet or a call costs in the programs that an agent has pinned and attached here, in units of one hot hash lookup (H) that is
// measured in the same round. Packets: BPF_PROG_TEST_RUN; a redirect is returned, not carried out. Calls: UDP sockets in two control
// groups in turns, one under an empty program and one under the agent's. Reads a JSON array of cases from standard input, prints
// {"name": [a figure per run]}.
// usage: bench_programs EMPTY-CGROUP CGROUP <CASES     in the network namespace of a node; the first group is not below the agent's
#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/pkt_cls.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdarg>
#include <cstdio>
#include <cstring>
#include <functional>
#include <iostream>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "abi/flows.h"
#include "base/fd.h"
#include "programs.skel.h"
#include "support/packet.h"

namespace {

using nlohmann::json;

constexpr int kRuns = 5, kRounds = 9;  // a run is the median of its rounds
constexpr uint32_t kPackets = 200'000, kCalls = 20'000;
constexpr size_t kFrame = 128;   // bytes
constexpr int kMsgProbe = 0x10;  // MSG_PROBE of linux/socket.h: all but the sending

[[noreturn]] void die(const char* format, ...) {
  va_list arguments;
  va_start(arguments, format);
  std::fputs("bench_programs: ", stderr);
  std::vfprintf(stderr, format, arguments);
  std::fputs("\n", stderr);
  std::exit(1);
}

double nanoseconds(const std::function<void()>& work) {
  auto start = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double, std::nano>(std::chrono::steady_clock::now() - start).count();
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

base::Mac mac_of(const std::string& text) {
  base::Mac mac;
  auto* b = mac.bytes.data();
  if (!text.empty() && std::sscanf(text.c_str(), "%hhx:%hhx:%hhx:%hhx:%hhx:%hhx", b, b + 1, b + 2, b + 3, b + 4, b + 5) != 6)
    die("no Ethernet address: %s", text.c_str());
  return mac;
}

// A program behind a shim of its attach type: the kernel lets a tail call go only to its like.
class Shim {
 public:
  explicit Shim(bpf_attach_type type) : skeleton_(programs_bpf::open(), programs_bpf::destroy) {
    if (!skeleton_) die("the shim cannot be opened: %s", strerror(errno));
    for (bpf_program* program : {skeleton_->progs.shim, skeleton_->progs.nothing, skeleton_->progs.one_lookup})
      bpf_program__set_expected_attach_type(program, type);
    if (programs_bpf::load(skeleton_.get()) != 0) die("the shim cannot be loaded: %s", strerror(errno));
  }

  int nothing() const { return bpf_program__fd(skeleton_->progs.nothing); }
  int one_lookup() const { return bpf_program__fd(skeleton_->progs.one_lookup); }

  // The key that `one_lookup` makes of this IPv4 packet.
  void remember(const std::vector<uint8_t>& packet) {
    std::array<uint8_t, 16> key{};
    std::copy_n(&packet[26], 12, key.begin());
    key[12] = packet[23];
    uint64_t count = 0;
    bpf_map_update_elem(bpf_map__fd(skeleton_->maps.lookups), key.data(), &count, BPF_ANY);
  }

  // Nanoseconds a packet. The order of flows is another one in each round: no cache shall learn it.
  double run(int program, int ifindex, const std::vector<uint8_t>& packet, uint32_t flows, std::optional<uint32_t> verdict,
             int packets = kPackets) {
    struct {
      uint8_t head[80];
      uint32_t ipv6, flow_mask, step, next;
    } values = {};
    std::copy_n(packet.begin(), sizeof values.head, values.head);
    values.ipv6 = packet[12] == 0x86, values.flow_mask = flows - 1, values.step = step_ = step_ * 2 + 1;
    uint32_t zero = 0;
    if (bpf_map_update_elem(bpf_map__fd(skeleton_->maps.templates), &zero, &values, BPF_ANY) != 0 ||
        bpf_map_update_elem(bpf_map__fd(skeleton_->maps.target), &zero, &program, BPF_ANY) != 0)
      die("the shim takes no program: %s", strerror(errno));
    __sk_buff context = {};
    context.ifindex = context.ingress_ifindex = ifindex;
    LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = packet.data(), .data_size_in = static_cast<uint32_t>(packet.size()),
                .ctx_in = &context, .ctx_size_in = sizeof context, .repeat = packets);
    int failed = 0;
    double spent = nanoseconds([&] { failed = bpf_prog_test_run_opts(bpf_program__fd(skeleton_->progs.shim), &options); });
    if (failed) die("BPF_PROG_TEST_RUN: %s", strerror(-failed));
    if (verdict && options.retval != *verdict) die("verdict %u, not %u", options.retval, *verdict);
    return spent / packets;
  }

 private:
  std::unique_ptr<programs_bpf, void (*)(programs_bpf*)> skeleton_;
  uint32_t step_ = 1;
};

struct Case {
  std::string name;
  std::function<double()> cost, reference;  // nanoseconds each; the figure is their difference
};

struct Bench {
  std::map<bpf_attach_type, std::unique_ptr<Shim>> shims;
  std::string empty_group, group;

  Shim& shim(bpf_attach_type type) {
    auto& shim = shims[type];
    if (!shim) shim = std::make_unique<Shim>(type);
    return *shim;
  }
};

// Flows, and how many of them nobody has answered.
void forget_flows(int flows, int half_open) {
  std::array<uint8_t, sizeof(flow_key)> key{}, next{};
  for (bool first = true; bpf_map_get_next_key(flows, first ? nullptr : key.data(), next.data()) == 0; first = false) {
    if (!first) bpf_map_delete_elem(flows, key.data());
    key = next;
  }
  bpf_map_delete_elem(flows, key.data());
  const struct half_open none = {};
  for (uint32_t i = 0; i < HALF_OPEN_ENTRIES; ++i) bpf_map_update_elem(half_open, &i, &none, BPF_ANY);
}

std::vector<uint8_t> packet_of(const json& from, const json& to, bool first = false) {
  using namespace support;
  auto text = [](const json& end, const char* key) { return end.value(key, std::string()); };
  Ethernet ethernet{.source = mac_of(text(from, "mac")), .destination = mac_of(text(to, "mac"))};
  auto bytes = (ethernet / Ip{text(from, "ip"), text(to, "ip")} /
                Tcp{from.value("port", uint16_t{1000}), to.value("port", uint16_t{80}), static_cast<uint8_t>(first ? 0x02 : 0x10)})
                   .bytes();
  bytes.resize(kFrame);
  return bytes;
}

Case packet_case(const json& entry, Bench& bench) {
  const std::map<std::string, bpf_attach_type> kTypes = {
      {"tc", BPF_CGROUP_INET_INGRESS}, {"tcx_ingress", BPF_TCX_INGRESS}, {"tcx_egress", BPF_TCX_EGRESS}, {"netkit", BPF_NETKIT_PEER}};
  const std::string name = entry.at("name"), pin = entry.at("pin"), device = entry.at("device");
  Shim* shim = &bench.shim(kTypes.at(entry.at("attach")));
  int program = bpf_obj_get(pin.c_str());
  int ifindex = static_cast<int>(if_nametoindex(device.c_str()));
  if (program < 0 || !ifindex) die("%s: no %s or no %s", name.c_str(), pin.c_str(), device.c_str());
  const std::string maps = entry.value("fresh", std::string());  // their directory: each packet opens a flow
  auto packet = packet_of(entry.at("from"), entry.at("to"), !maps.empty());
  uint32_t flows = entry.value("flows", 1U);
  uint32_t verdict = entry.at("verdict");
  if (!maps.empty()) {
    const int known = bpf_obj_get((maps + "/flows_v1").c_str()), half_open = bpf_obj_get((maps + "/half_open_v1").c_str());
    if (known < 0 || half_open < 0) die("%s: no flows in %s", name.c_str(), maps.c_str());
    return {name,
            [=] {
              forget_flows(known, half_open);
              return shim->run(program, ifindex, packet, flows, verdict, static_cast<int>(flows));
            },
            [=] { return shim->run(shim->nothing(), 0, packet, flows, std::nullopt, static_cast<int>(flows)); }};
  }
  return {name, [=] { return shim->run(program, ifindex, packet, flows, verdict); },
          [=] { return shim->run(shim->nothing(), 0, packet, flows, std::nullopt); }};
}

void enter_group(const std::string& group) {
  base::Fd procs(open((group + "/cgroup.procs").c_str(), O_WRONLY | O_CLOEXEC));
  if (!procs || write(procs.get(), "0", 1) != 1) die("control group %s: %s", group.c_str(), strerror(errno));
}

// A program that only allows, for as long as the result lives.
base::Fd attach_empty(bpf_attach_type hook, const std::string& group) {
  const bpf_insn code[] = {{BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_0, 0, 0, 1}, {BPF_JMP | BPF_EXIT, 0, 0, 0, 0}};
  LIBBPF_OPTS(bpf_prog_load_opts, options, .expected_attach_type = hook);
  base::Fd program(bpf_prog_load(BPF_PROG_TYPE_CGROUP_SOCK_ADDR, "bench_allow", "GPL", code, std::size(code), &options));
  base::Fd target(open(group.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  base::Fd link(bpf_link_create(program.get(), target.get(), hook, nullptr));
  if (!link) die("an empty program on %s: %s", group.c_str(), strerror(errno));
  return link;
}

sockaddr_in address_of(const std::string& text) {
  auto colon = text.rfind(':');
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(std::stoi(text.substr(colon + 1))));
  if (inet_pton(AF_INET, text.substr(0, colon).c_str(), &address.sin_addr) != 1) die("no address: %s", text.c_str());
  return address;
}

// One socket, which belongs to the control group that it was made in. A datagram with MSG_PROBE is not sent.
double calls(const std::string& call, const std::string& group, const std::string& target) {
  enter_group(group);
  base::Fd socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  sockaddr_in to = address_of(target);
  auto* name = reinterpret_cast<sockaddr*>(&to);
  if (call == "getpeername" && connect(socket.get(), name, sizeof to) != 0) die("connect %s: %s", target.c_str(), strerror(errno));
  int failed = 0;
  double spent = nanoseconds([&] {
    for (uint32_t i = 0; i < kCalls; ++i) {
      sockaddr_in peer;
      socklen_t length = sizeof peer;
      if (call == "connect")
        failed |= connect(socket.get(), name, sizeof to);
      else if (call == "sendto")
        failed |= static_cast<int>(sendto(socket.get(), nullptr, 0, MSG_CONFIRM | kMsgProbe, name, sizeof to));
      else
        failed |= getpeername(socket.get(), reinterpret_cast<sockaddr*>(&peer), &length);
    }
  });
  if (failed) die("%s %s: %s", call.c_str(), target.c_str(), strerror(errno));
  return spent / kCalls;
}

Case call_case(const json& entry, const Bench& bench) {
  const std::string call = entry.at("call"), target = entry.at("target"), reference = entry.value("reference", target);
  return {entry.at("name"), [=, group = bench.group] { return calls(call, group, target); },
          [=, group = bench.empty_group] { return calls(call, group, reference); }};
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 3) return 64;
  cpu_set_t one;
  CPU_ZERO(&one);
  CPU_SET(sysconf(_SC_NPROCESSORS_ONLN) - 1, &one);
  sched_setaffinity(0, sizeof one, &one);
  Bench bench{.shims = {}, .empty_group = arguments[1], .group = arguments[2]};

  Shim& shim = bench.shim(BPF_CGROUP_INET_INGRESS);
  const auto packet = packet_of({{"ip", "192.0.2.1"}}, {{"ip", "192.0.2.2"}});
  shim.remember(packet);
  std::vector<base::Fd> links;
  for (bpf_attach_type hook : {BPF_CGROUP_INET4_CONNECT, BPF_CGROUP_UDP4_SENDMSG, BPF_CGROUP_INET4_GETPEERNAME})
    links.push_back(attach_empty(hook, bench.empty_group));

  std::vector<Case> cases;
  for (const auto& entry : json::parse(std::cin))
    cases.push_back(entry.contains("call") ? call_case(entry, bench) : packet_case(entry, bench));

  std::map<std::string, std::vector<double>> runs;
  for (int run = 0; run < kRuns; ++run) {
    std::map<std::string, std::vector<double>> rounds;
    for (int round = -1; round < kRounds; ++round) {  // the first one warms up
      double floor = shim.run(shim.nothing(), 0, packet, 1, TC_ACT_OK);
      double lookup = shim.run(shim.one_lookup(), 0, packet, 1, TC_ACT_OK) - floor;
      std::map<std::string, double> costs = {{"floor", floor}, {"lookup", lookup}};
      for (const auto& entry : cases) costs[entry.name] = (entry.cost() - entry.reference()) / lookup;
      if (round < 0) continue;
      for (const auto& [name, cost] : costs) rounds[name].push_back(cost);
    }
    for (auto& [name, values] : rounds) runs[name].push_back(median(values));
  }
  std::cout << json(runs).dump() << "\n";
  return 0;
}
