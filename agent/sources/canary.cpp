#include "sources/canary.h"

#include <linux/if_addr.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cinttypes>
#include <cstdio>

#include "base/clock.h"
#include "io/kernel/netlink_rows.h"
#include "io/kernel/netns.h"
#include "model/canary.h"
#include "sources/canary_cgroup.h"
#include "sources/canary_try.h"

namespace sources {
namespace {

using base::BootTime;
using base::Millis;
using io::kernel::Netlink;

// While it fails, tries are short and dense at first: a connection begun a moment before the datapath was there hears nothing, and
// readiness waits for the next. Once good, the deadline forgives a busy node.
constexpr Millis kShortestDeadline{50}, kDeadline{1000};
constexpr Millis kShortestPause{20}, kLongestFailingPause{1000}, kLongestPause{10000};

model::Sandbox sandbox_row(const std::shared_ptr<base::Fd>& netns, uint32_t incarnation) {
  model::Sandbox sandbox;
  sandbox.identity.container_id = "canary-" + std::to_string(getpid());
  sandbox.identity.ifname = model::kCanaryIfname;
  sandbox.identity.incarnation = incarnation;
  sandbox.identity.pod_name = "canary";
  sandbox.complete = true;
  sandbox.transient = true;
  sandbox.netns = netns;
  sandbox.addresses = {model::kCanaryPodAddress};
  return sandbox;
}

// A text that no other agent's canary says, and a number that no earlier one of this process id had.
struct Tokens {
  std::string greeting;
  uint32_t incarnation = 0;
};
base::Result<Tokens> draw_tokens() {
  uint64_t random[3];
  if (getrandom(random, sizeof random, 0) != static_cast<ssize_t>(sizeof random)) return base::errno_error("random bytes");
  char greeting[33];
  std::snprintf(greeting, sizeof greeting, "%016" PRIx64 "%016" PRIx64, random[0], random[1]);
  return Tokens{greeting, static_cast<uint32_t>(random[2])};
}

// The address comes later, with the link whose host side carries it.
base::Result<base::Fd> listen_for_canary(uint16_t& port) {
  base::Fd fd(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd) return base::errno_error("canary: socket");
  int on = 1;
  if (setsockopt(fd.get(), IPPROTO_IP, IP_FREEBIND, &on, sizeof on) != 0) return base::errno_error("canary: IP_FREEBIND");
  sockaddr_in address{};
  socklen_t size = sizeof address;
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = model::kCanaryListenerAddress.v4_be();
  if (bind(fd.get(), reinterpret_cast<sockaddr*>(&address), size) != 0) return base::errno_error("canary: bind");
  if (listen(fd.get(), 16) != 0) return base::errno_error("canary: listen");
  if (getsockname(fd.get(), reinterpret_cast<sockaddr*>(&address), &size) != 0) return base::errno_error("canary: listener's port");
  port = ntohs(address.sin_port);
  return fd;
}

base::Result<Netlink> open_netlink_in(int netns) {
  auto visit = TRY(io::kernel::NetnsVisit::enter(netns));
  return Netlink::open();
}

// The canary's own thread: it listens, tries and tells.
class CanaryLoop {
 public:
  CanaryLoop(const model::FactSink& sink, const std::string& cgroup_root, std::shared_ptr<base::Fd> netns, base::Fd listener,
             std::string greeting, Netlink host, Netlink pod, model::CanaryResult result)
      : sink_(sink),
        cgroup_(cgroup_root),
        netns_(std::move(netns)),
        listener_(std::move(listener)),
        greeting_(std::move(greeting)),
        host_(std::move(host)),
        pod_(std::move(pod)),
        result_(std::move(result)) {}

  void run(int stop) {
    stop_ = stop;
    failing_since_ = base::boot_now();
    while (try_once() && wait(base::boot_now() + pause_)) {
    }
  }

 private:
  // False: stopped.
  bool try_once() {
    auto prepared = prepare();
    if (!prepared) {
      tell(prepared.error().text, prepared.error().text);
      return true;
    }
    Millis deadline = good_ ? kDeadline : std::clamp(failing_for() / 4, kShortestDeadline, kDeadline);
    CanaryTry tries[] = {{"from the host", host_socket_, greeting_}, {"from the pod", pod_socket_, greeting_}};
    if (!wait(base::boot_now() + deadline, tries, 2)) return false;
    for (auto& each : tries) each.give_up();
    tell(explained(*tries[0].outcome()), explained(*tries[1].outcome()));
    return true;
  }

  base::Result<void> prepare() {
    if (good_) return {};
    TRY(place_listener());
    if (TRY(cgroup_.find())) host_socket_ = {}, pod_socket_ = {};
    if (!host_socket_) host_socket_ = TRY_IN(make_canary_socket(cgroup_.fd(), -1), "canary");
    if (!pod_socket_) pod_socket_ = TRY_IN(make_canary_socket(cgroup_.fd(), netns_->get()), "canary");
    return {};
  }

  std::string explained(const std::string& error) const {
    std::string fault = error.empty() && cgroup_.fd() >= 0 ? "" : cgroup_.fault();
    return fault.empty() || error.empty() ? error + fault : error + ": " + fault;
  }

  Millis failing_for() const { return base::boot_now() - failing_since_; }

  void tell(const std::string& host_error, const std::string& pod_error) {
    bool good = host_error.empty() && pod_error.empty();
    if (good_ && !good) failing_since_ = base::boot_now();
    pause_ = !good   ? std::clamp(failing_for() / 8, kShortestPause, kLongestFailingPause)
             : good_ ? std::min(pause_ * 2, kLongestPause)
                     : kShortestPause;
    good_ = good;
    model::CanaryResult result = result_;
    result.from_host = host_error.empty();
    result.from_pod = pod_error.empty();
    result.error = host_error.empty() ? pod_error : host_error;
    if (result == result_) return;
    result_ = result;
    sink_(model::Changes{model::put(std::move(result))});
  }

  // Answers who comes, until all tries have ended or the time is over. False: stopped.
  bool wait(BootTime until, CanaryTry* tries = nullptr, size_t count = 0) {
    while (true) {
      std::vector<pollfd> waiting = {{stop_, POLLIN, 0}, {listener_.get(), POLLIN, 0}};
      bool open = count == 0;
      for (size_t i = 0; i < count; ++i) {
        waiting.push_back({tries[i].fd(), tries[i].events(), 0});
        open |= !tries[i].outcome();
      }
      Millis left = until - base::boot_now();
      if (!open || left <= Millis::zero()) return true;
      if (poll(waiting.data(), waiting.size(), static_cast<int>(left.count())) < 0 && errno != EINTR) return true;
      if (waiting[0].revents) return false;
      if (waiting[1].revents) greet();
      for (size_t i = 0; i < count; ++i) {
        if (waiting[2 + i].revents) tries[i].advance();
      }
    }
  }

  void greet() {
    while (true) {
      base::Fd caller(accept4(listener_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
      if (!caller) return;
      // A caller that left, or that cannot take 32 bytes, is one that will fail on its own side.
      (void)!send(caller.get(), greeting_.data(), greeting_.size(), MSG_NOSIGNAL);
    }
  }

  // On the node's side of the pod's link. Before that is there, a connection would only send a packet out of the node.
  base::Result<void> place_listener() {
    auto pod_side = io::kernel::read_link(pod_, model::kCanaryIfname);
    if (!pod_side && pod_side.error().code == ENODEV) return base::system_error(ENODEV, "the canary's own pod link is not there yet");
    ifaddrmsg fixed{};
    fixed.ifa_family = AF_INET;
    fixed.ifa_prefixlen = 32;
    fixed.ifa_scope = RT_SCOPE_LINK;
    fixed.ifa_index = TRY(std::move(pod_side)).peer_ifindex;
    io::kernel::Message request(RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL);
    request.header(fixed).put(IFA_LOCAL, model::kCanaryListenerAddress).put(IFA_ADDRESS, model::kCanaryListenerAddress);
    request.put(IFA_LABEL, std::string("ichor-canary"));
    auto placed = host_.request(request);
    if (placed || placed.error().code == EEXIST) return {};
    return base::with_context(placed.error(), "the canary's address on the node's side of its link");
  }

  const model::FactSink& sink_;
  CanaryCgroup cgroup_;
  base::Fd host_socket_, pod_socket_;
  int stop_ = -1;
  std::shared_ptr<base::Fd> netns_;
  base::Fd listener_;
  std::string greeting_;
  Netlink host_, pod_;
  model::CanaryResult result_;  // as told last
  bool good_ = false;
  BootTime failing_since_{};
  Millis pause_ = kShortestPause;
};

}  // namespace

base::Result<void> Canary::start() {
  auto netns = std::make_shared<base::Fd>(TRY_IN(io::kernel::make_netns(), "canary"));
  model::CanaryResult result;
  result.listener = model::kCanaryListenerAddress;
  base::Fd listener = TRY(listen_for_canary(result.listener_port));
  result.error = "not tried yet";
  Tokens tokens = TRY(draw_tokens());
  auto loop = std::make_unique<CanaryLoop>(sink_, cgroup_root_, netns, std::move(listener), tokens.greeting, TRY(Netlink::open()),
                                           TRY(open_netlink_in(netns->get())), result);
  model::Sandbox sandbox = sandbox_row(netns, tokens.incarnation);
  sink_(model::Changes{model::put(sandbox.key(), sandbox), model::put(result),
                       model::put(model::SourceStatus{model::SourceId::kCanary, true, ""})});
  return thread_.start([loop = std::move(loop)](int stop) { loop->run(stop); });
}

}  // namespace sources
