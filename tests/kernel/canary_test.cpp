// The canary on the real kernel. In place of the datapath stands a relay in the test: it listens on the Service's address and hands
// each connection on to the canary's listener; the pod's link is made as the reconciler would.
#include "sources/canary.h"

#include <gmock/gmock.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <atomic>
#include <thread>

#include "base/mailbox.h"
#include "io/kernel/neighbors.h"
#include "io/kernel/pod_links.h"
#include "io/kernel/routes.h"
#include "model/canary.h"
#include "support/datapath.h"
#include "support/netns.h"

namespace {

using model::CanaryResult;
using support::run;
using testing::HasSubstr;

constexpr base::Millis kPatience{20000};

sockaddr_in socket_address(const base::Ip& ip, uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = ip.v4_be();
  return address;
}

// The Service without BPF: what the listener says, or a text of its own, to everyone who connects.
class Relay {
 public:
  Relay(uint16_t listener_port, std::string own_text) : listener_port_(listener_port), own_text_(std::move(own_text)) {
    run("ip addr add 169.254.105.2/32 dev lo");
    int on = 1;
    setsockopt(socket_.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    auto address = socket_address(model::kCanaryServiceAddress, model::kCanaryServicePort);
    EXPECT_EQ(bind(socket_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    EXPECT_EQ(listen(socket_.get(), 16), 0);
    thread_ = std::thread([this] { serve(); });
  }
  ~Relay() {
    stopped_ = true;
    shutdown(socket_.get(), SHUT_RDWR);
    thread_.join();
  }

 private:
  void serve() {
    while (!stopped_) {
      base::Fd caller(accept(socket_.get(), nullptr, nullptr));
      if (!caller) continue;
      std::string text = own_text_.empty() ? from_listener() : own_text_;
      (void)!send(caller.get(), text.data(), text.size(), MSG_NOSIGNAL);
    }
  }
  std::string from_listener() const {
    base::Fd upstream(socket(AF_INET, SOCK_STREAM, 0));
    auto address = socket_address(model::kCanaryListenerAddress, listener_port_);
    if (connect(upstream.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) return "";
    char bytes[64];
    ssize_t size = recv(upstream.get(), bytes, sizeof bytes, 0);
    return size > 0 ? std::string(bytes, static_cast<size_t>(size)) : "";
  }

  uint16_t listener_port_;
  std::string own_text_;
  base::Fd socket_{socket(AF_INET, SOCK_STREAM, 0)};
  std::atomic<bool> stopped_ = false;
  std::thread thread_;
};

class Canary : public support::NetnsTest {
 protected:
  void SetUp() override {
    NetnsTest::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    if (support::cgroup2_mount().empty()) GTEST_SKIP() << "needs a cgroup2 tree";
    canary_.emplace(support::cgroup2_mount(), [this](model::Fact fact) { mailbox_.push(std::move(fact)); });
    auto started = canary_->start();
    ASSERT_TRUE(started) << started.error().text;
  }
  void TearDown() override {
    relay_.reset();
    canary_.reset();
    NetnsTest::TearDown();
  }

  bool eventually(const std::function<bool()>& holds) {
    auto until = base::boot_now() + kPatience;
    while (!holds()) {
      if (base::boot_now() > until) return false;
      for (auto& fact : mailbox_.take(until)) fold(fact);
    }
    return true;
  }
  void fold(const model::Fact& fact) {
    for (const auto& change : std::get<model::Changes>(fact)) {
      if (auto* sandbox = std::get_if<model::RowChange<model::Sandbox>>(&change)) sandbox_ = *sandbox->row;
      if (auto* status = std::get_if<model::RowChange<model::SourceStatus>>(&change)) synced_ = status->row->synced;
      if (auto* result = std::get_if<model::RowChange<CanaryResult>>(&change)) result_ = *result->row;
    }
  }

  void make_pod_link() {
    ASSERT_TRUE(eventually([this] { return sandbox_.netns != nullptr; }));
    model::desired::PodLink link;
    link.name = "ich0000000ca0a7";
    link.ifname = sandbox_.identity.ifname;
    link.host_mac = {{2, 1, 0, 0, 0, 1}};
    link.pod_mac = {{2, 2, 0, 0, 0, 1}};
    link.mtu = 1500;
    link.addresses = sandbox_.addresses;
    link.netns = sandbox_.netns;
    auto made = io::kernel::PodLinkStore().put(link, nullptr);
    ASSERT_TRUE(made) << made.error().text;
    ASSERT_TRUE(io::kernel::RouteStore().put({base::host_cidr(model::kCanaryPodAddress), base::Ip{}, link.name, base::Ip{}}, nullptr));
    ASSERT_TRUE(io::kernel::NeighborStore().put({link.name, model::kCanaryPodAddress, link.pod_mac}, nullptr));
  }
  void make_service(const std::string& own_text = "") {
    ASSERT_TRUE(eventually([this] { return result_.listener_port != 0; }));
    relay_.emplace(result_.listener_port, own_text);
  }
  bool is_good() const { return result_.from_host && result_.from_pod; }

  base::Mailbox<model::Fact> mailbox_;
  std::optional<sources::Canary> canary_;
  std::optional<Relay> relay_;
  model::Sandbox sandbox_;
  CanaryResult result_;
  bool synced_ = false;
};

TEST_F(Canary, AsksForAPodAndAServiceAtOnce) {
  ASSERT_TRUE(eventually([this] { return synced_; }));

  EXPECT_THAT(sandbox_.identity.container_id, testing::StartsWith("canary-"));
  EXPECT_THAT(sandbox_.addresses, testing::ElementsAre(model::kCanaryPodAddress));
  EXPECT_TRUE(sandbox_.transient);
  EXPECT_TRUE(sandbox_.complete);
  EXPECT_NE(sandbox_.netns, nullptr);
  EXPECT_EQ(result_.listener, model::kCanaryListenerAddress);
  EXPECT_NE(result_.listener_port, 0);
}

TEST_F(Canary, SaysThatItsLinkIsMissing) {
  EXPECT_TRUE(eventually([this] { return result_.error.find("pod link is not there") != std::string::npos; })) << result_.error;
}

TEST_F(Canary, SaysWhatFailsWhileNothingTranslates) {
  make_pod_link();

  EXPECT_TRUE(eventually([this] { return result_.error.starts_with("from the host: "); })) << result_.error;

  EXPECT_THAT(result_.error, HasSubstr("169.254.105.2:9"));
  EXPECT_FALSE(result_.from_host);
  EXPECT_FALSE(result_.from_pod);
}

TEST_F(Canary, IsGoodOnceTheServiceAnswersHostAndPod) {
  make_pod_link();
  make_service();

  EXPECT_TRUE(eventually([this] { return is_good(); })) << result_.error;

  EXPECT_EQ(result_.error, "");
  EXPECT_THAT(support::output_of("ip -o -4 addr show dev ich0000000ca0a7"),
              testing::AllOf(HasSubstr("169.254.105.3/32"), HasSubstr("scope link"), HasSubstr("ichor-canary")));
}

TEST_F(Canary, NamesThePodWhenOnlyTheHostGetsThrough) {
  make_pod_link();
  make_service();
  ASSERT_TRUE(eventually([this] { return is_good(); })) << result_.error;

  ASSERT_TRUE(run("ip route del 169.254.105.4/32"));

  EXPECT_TRUE(eventually([this] { return result_.from_host && !result_.from_pod; }));
  EXPECT_THAT(result_.error, testing::StartsWith("from the pod: "));
}

TEST_F(Canary, IsBadWhenSomebodyElseAnswers) {
  make_pod_link();
  make_service("hello, this is another's service");

  EXPECT_TRUE(eventually([this] { return result_.error.starts_with("from the host: somebody else answered at 169.254.105.2:9"); }))
      << result_.error;
}

TEST_F(Canary, TakesItsLinkAlongWhenItEnds) {
  make_pod_link();
  canary_.reset();
  sandbox_ = {};
  for (auto& fact : mailbox_.take(base::boot_now())) fold(fact);
  sandbox_ = {};

  auto until = base::boot_now() + kPatience;
  while (base::boot_now() < until && support::output_of("ip -o link show type veth") != "") sched_yield();

  EXPECT_EQ(support::output_of("ip -o link show type veth"), "");
}

}  // namespace
