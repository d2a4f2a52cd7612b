// The built ichor-cni, run as a runtime runs it, against an agent that says what each test wants.
#include "support/cni_plugin.h"

#include <gmock/gmock.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <nlohmann/json.hpp>
#include <thread>

#include "io/cni/deletion_queue.h"
#include "io/cni/message.h"
#include "io/cni/served.h"
#include "io/cni/socket.h"
#include "support/netns.h"
#include "support/temporary_directory.h"

namespace io::cni {
namespace {

using nlohmann::json;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr const char* kPlugin = ICHOR_BINARY_DIR "/bin/ichor-cni";

const Attachment kAttachment{
    "ich0a", "02:00:00:00:00:01", "02:00:00:00:00:02", {*base::parse_ip("10.1.0.5")}, {*base::parse_ip("169.254.1.1")}, 1500};

// Answers the first plugin that comes, or hangs up on it, and keeps what it was asked.
class OneAnswer {
 public:
  OneAnswer(const std::string& directory, std::optional<Reply> reply) : listener_(listen_at(directory + "/agent.sock").value()) {
    thread_ = std::thread([this, reply = std::move(reply)] { serve(reply); });
  }
  ~OneAnswer() {
    ::shutdown(listener_.get(), SHUT_RDWR);
    if (thread_.joinable()) thread_.join();
  }
  const Received& asked() {
    thread_.join();
    return asked_;
  }

 private:
  void serve(const std::optional<Reply>& reply) {
    // Waits although the listener does not block: shutdown ends it.
    fd_set readable;
    FD_ZERO(&readable);
    FD_SET(listener_.get(), &readable);
    ::select(listener_.get() + 1, &readable, nullptr, nullptr, nullptr);
    const base::Fd plugin(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    if (!plugin) return;
    auto received = receive_message(plugin.get());
    if (received) asked_ = std::move(*received);
    if (reply) (void)send_message(plugin.get(), encode(*reply), -1);
  }

  base::Fd listener_;
  Received asked_;
  std::thread thread_;
};

class IoCniPlugin : public testing::Test {
 protected:
  support::CniOutcome run(const std::string& command, const std::string& netns = "/proc/self/ns/net", const std::string& version = "1.1.0",
                          const std::string& extra = "") {
    return support::run_cni(kPlugin, {command, "abc", netns, "eth0", "IgnoreUnknown=1;K8S_POD_NAME=web-0;K8S_POD_NAMESPACE=ns",
                                      support::cni_conf(directory(), version, extra)});
  }
  const std::string& directory() const { return directory_.path(); }
  std::vector<Deletion> queued() const { return *queued_deletions(directory() + "/cni-deletions"); }

  support::TemporaryDirectory directory_;
};

TEST_F(IoCniPlugin, VersionNeedsNoAgent) {
  const auto outcome = run("VERSION", "", "0.4.0");

  EXPECT_EQ(outcome.exit_code, 0);
  EXPECT_EQ(json::parse(outcome.output)["supportedVersions"], json({"0.3.1", "0.4.0", "1.0.0", "1.1.0"}));
}

TEST_F(IoCniPlugin, AddHandsTheNamespaceOverAndPrintsTheResult) {
  OneAnswer agent(directory(), Reply{std::nullopt, kAttachment});

  const auto outcome = run("ADD", "/proc/self/ns/net", "0.3.1");

  EXPECT_EQ(outcome.exit_code, 0);
  EXPECT_EQ(json::parse(outcome.output)["ips"][0]["address"], "10.1.0.5/32");
  const Received& asked = agent.asked();
  EXPECT_EQ(*parse_request(asked.text), (Request{Verb::kAdd, "abc", "eth0", "/proc/self/ns/net", "ns", "web-0", ""}));
  ASSERT_EQ(asked.descriptors.size(), 1u);
  struct stat given, own;
  ASSERT_EQ(::fstat(asked.descriptors[0].get(), &given), 0);
  ASSERT_EQ(::stat("/proc/self/ns/net", &own), 0);
  EXPECT_EQ(given.st_ino, own.st_ino);
}

TEST_F(IoCniPlugin, AddWithoutAnAgentIsCode11AtOnce) {
  const auto no_socket = run("ADD");
  {
    OneAnswer agent(directory(), std::nullopt);
  }
  const auto nobody_listens = run("ADD");
  OneAnswer agent(directory(), std::nullopt);
  const auto hung_up = run("ADD");

  for (const auto& outcome : {no_socket, nobody_listens, hung_up}) {
    EXPECT_EQ(outcome.exit_code, 1);
    EXPECT_EQ(json::parse(outcome.output)["code"], 11) << outcome.output;
    EXPECT_EQ(json::parse(outcome.output)["cniVersion"], "1.1.0");
  }
}

TEST_F(IoCniPlugin, AddPassesOnWhatTheAgentSays) {
  OneAnswer agent(directory(), Reply{Failure{Code::kAttachFailed, "no address left", "all of 10.1.0.0/24"}, {}});

  const auto outcome = run("ADD");

  EXPECT_EQ(outcome.exit_code, 1);
  EXPECT_EQ(json::parse(outcome.output),
            json::parse(R"({"cniVersion":"1.1.0","code":101,"msg":"no address left","details":"all of 10.1.0.0/24"})"));
}

TEST_F(IoCniPlugin, AddNamesANamespaceThatIsNotThere) {
  const auto outcome = run("ADD", "/run/netns/never-was");

  EXPECT_EQ(outcome.exit_code, 1);
  EXPECT_EQ(json::parse(outcome.output)["code"], 4);
}

TEST_F(IoCniPlugin, DelSucceedsSilentlyAndLeavesNothingWhenTheAgentDidIt) {
  OneAnswer agent(directory(), Reply{});

  const auto outcome = run("DEL", "/run/netns/gone");

  EXPECT_EQ(outcome.exit_code, 0);
  EXPECT_EQ(outcome.output, "");
  EXPECT_TRUE(agent.asked().descriptors.empty());
  EXPECT_THAT(queued(), IsEmpty());
}

TEST_F(IoCniPlugin, DelIsKeptOnDiskWhenTheAgentIsAwayOrCannot) {
  EXPECT_EQ(run("DEL", "").exit_code, 0);
  EXPECT_EQ(run("DEL", "").exit_code, 0);
  EXPECT_THAT(queued(), ElementsAre(Deletion{"abc", "eth0"}));

  std::filesystem::remove_all(directory() + "/cni-deletions");
  OneAnswer agent(directory(), Reply{Failure{Code::kTryLater, "busy", ""}, {}});
  EXPECT_EQ(run("DEL").exit_code, 0);
  EXPECT_THAT(queued(), ElementsAre(Deletion{"abc", "eth0"}));
}

TEST_F(IoCniPlugin, DelFailsOnlyWhenItCannotEvenBeKept) {
  ASSERT_TRUE(queue_deletion(directory(), {"x", "y"}));
  std::filesystem::rename(directory() + "/x@y", directory() + "/cni-deletions");  // a file where the directory should be

  const auto outcome = run("DEL");

  EXPECT_EQ(outcome.exit_code, 1);
  EXPECT_EQ(json::parse(outcome.output)["code"], 11);
}

TEST_F(IoCniPlugin, StatusIsGoodBetweenAnAgentThatServedAndTheNext) {
  ASSERT_TRUE(note_served(directory() + "/agent.served", base::boot_now()));
  EXPECT_EQ(run("STATUS", "").exit_code, 0);

  OneAnswer agent(directory(), Reply{Failure{Code::kNotAvailable, "starting", ""}, {}});
  EXPECT_EQ(run("STATUS", "").exit_code, 0);
  EXPECT_EQ(agent.asked().text, encode({Verb::kStatus, "", "", "", "", "", ""}));
}

TEST_F(IoCniPlugin, StatusIsCode50OnceTheAgentHasBeenAwayForLong) {
  const auto never_there = run("STATUS", "");
  ASSERT_TRUE(note_served(directory() + "/agent.served", base::boot_now() - kServedLately - base::Millis(1)));
  const auto long_away = run("STATUS", "");
  ASSERT_TRUE(note_served(directory() + "/agent.served", base::boot_now() + base::Millis(3'600'000)));
  const auto of_another_boot = run("STATUS", "");

  for (const auto& outcome : {never_there, long_away, of_another_boot}) {
    EXPECT_EQ(outcome.exit_code, 1);
    EXPECT_EQ(json::parse(outcome.output)["code"], 50) << outcome.output;
  }
}

TEST_F(IoCniPlugin, StatusIsWhatTheAgentSays) {
  OneAnswer agent(directory(), Reply{Failure{Code::kIo, "broken", ""}, {}});

  EXPECT_EQ(json::parse(run("STATUS", "").output)["msg"], "broken");
}

class IoCniPluginCheck : public support::NetnsTest {
 protected:
  void SetUp() override {
    if (::geteuid() != 0) GTEST_SKIP() << "needs root";
    support::NetnsTest::SetUp();
    ASSERT_TRUE(
        support::run("ip link add eth0 type veth peer name eth1 && ip link set eth1 up && ip link set eth0 up &&"
                     "ip address add 10.1.0.5/32 dev eth0 && ip address add fd00::5/128 dev eth0 nodad &&"
                     "ip route add default dev eth0 && ip -6 route add default dev eth0"));
  }
  void TearDown() override {
    if (::geteuid() == 0) support::NetnsTest::TearDown();
  }
  // CHECK's error code, 0 where it is content.
  int check(const std::string& agent_says, const std::string& result_says) {
    Reply reply;
    for (const auto& address : {agent_says, std::string("fd00::5")}) reply.attachment.addresses.push_back(*base::parse_ip(address));
    OneAnswer agent(directory_.path(), reply);
    const auto outcome =
        support::run_cni(ICHOR_BINARY_DIR "/bin/ichor-cni",
                         {"CHECK", "abc", "/proc/" + std::to_string(::getpid()) + "/ns/net", "eth0", "",
                          support::cni_conf(directory_.path(), "1.0.0",
                                            R"(,"prevResult":{"ips":[{"address":")" + result_says + R"("},{"address":"fd00::5/128"}]})")});
    if (outcome.exit_code == 0) return 0;
    return json::parse(outcome.output)["code"];
  }

  support::TemporaryDirectory directory_;
};

TEST_F(IoCniPluginCheck, IsContentWithALinkItsAddressesAndRoutes) { EXPECT_EQ(check("10.1.0.5", "10.1.0.5/32"), 0); }

TEST_F(IoCniPluginCheck, ComparesWithTheEarlierResult) { EXPECT_EQ(check("10.1.0.5", "10.1.0.6/32"), 102); }

TEST_F(IoCniPluginCheck, NoticesAMissingAddress) {
  ASSERT_TRUE(support::run("ip address delete 10.1.0.5/32 dev eth0"));
  EXPECT_EQ(check("10.1.0.5", "10.1.0.5/32"), 102);
}

TEST_F(IoCniPluginCheck, NoticesAMissingRouteOfEitherFamily) {
  ASSERT_TRUE(support::run("ip -6 route delete default"));
  EXPECT_EQ(check("10.1.0.5", "10.1.0.5/32"), 102);
  ASSERT_TRUE(support::run("ip -6 route add default dev eth0 && ip route delete default"));
  EXPECT_EQ(check("10.1.0.5", "10.1.0.5/32"), 102);
}

TEST_F(IoCniPluginCheck, NoticesALinkThatIsDownOrGone) {
  ASSERT_TRUE(support::run("ip link set eth0 down"));
  EXPECT_EQ(check("10.1.0.5", "10.1.0.5/32"), 102);
  ASSERT_TRUE(support::run("ip link delete eth0"));
  EXPECT_EQ(check("10.1.0.5", "10.1.0.5/32"), 102);
}

}  // namespace
}  // namespace io::cni
