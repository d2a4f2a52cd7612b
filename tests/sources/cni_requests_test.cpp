// The control socket's agent side, asked by the plugin's client and by the built plugin, with the test in the engine's place.
#include "sources/cni_requests.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <unistd.h>

#include <future>
#include <nlohmann/json.hpp>

#include "base/mailbox.h"
#include "io/cni/client.h"
#include "io/cni/deletion_queue.h"
#include "io/cni/socket.h"
#include "io/files/files.h"
#include "io/files/sandbox_records.h"
#include "io/kernel/netns.h"
#include "support/cni_plugin.h"
#include "support/temporary_directory.h"

namespace sources {
namespace {

using io::cni::Code;
using io::cni::Reply;
using io::cni::Request;
using io::cni::Verb;
using model::Sandbox;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

constexpr base::Millis kPatience{20000};

model::SandboxReply in_force() {
  return {"ich0a", "02:00:00:00:00:01", "02:00:00:00:00:02", {*base::parse_ip("10.1.0.5"), *base::parse_ip("fd00::5")}, 1500};
}

class SourcesCniRequests : public testing::Test {
 protected:
  ~SourcesCniRequests() override { requests_.reset(); }

  base::Result<void> start() {
    std::filesystem::create_directories(run_dir());
    CniRequests::Kernel kernel{[this] { return links_; }, [this] { return addresses_; }, [this](int) { return links_into_; }};
    requests_ = std::make_unique<CniRequests>(CniRequests::Places{run_dir(), directory_.path()}, std::move(kernel),
                                              [this](model::Fact fact) { facts_.push(std::move(fact)); });
    return requests_->start();
  }
  void start_serving() {
    const auto started = start();
    ASSERT_TRUE(started) << started.error().text;
    requests_->set_serving({});
    next_fact();
  }
  // An empty one when none comes.
  model::Fact next_fact() {
    for (const base::BootTime until = base::boot_now() + kPatience; waiting_.empty() && base::boot_now() < until;) {
      for (auto& fact : facts_.take(until)) waiting_.push_back(std::move(fact));
    }
    if (waiting_.empty()) return {};
    model::Fact fact = std::move(waiting_.front());
    waiting_.erase(waiting_.begin());
    return fact;
  }
  // The next fact's only change, of a sandbox.
  static model::RowChange<Sandbox> sandbox_of(const model::Fact& fact) {
    EXPECT_THAT(fact.changes, SizeIs(1));
    return fact.changes.empty() ? model::RowChange<Sandbox>{} : std::get<model::RowChange<Sandbox>>(fact.changes.front());
  }
  // Asks in the background; the reply's future fails the test by an error text.
  std::future<Reply> ask(Verb verb, const std::string& container = "abc", int netns = -1) {
    const Request request{verb, container, "eth0", "/run/netns/x", "ns", "web-0", "u-1"};
    return std::async(std::launch::async, [this, request, netns] {
      auto reply = io::cni::ask_agent(socket(), request, netns, kPatience);
      return reply ? *reply : Reply{io::cni::Failure{Code::kIo, reply.error().text, ""}, {}};
    });
  }
  static uint32_t code(const Reply& reply) { return reply.failure ? static_cast<uint32_t>(reply.failure->code) : 0; }
  // One message as it is, with descriptors or without.
  std::string send_raw(const std::string& text, int descriptor = -1) {
    auto connection = io::cni::connect_to(socket(), kPatience);
    if (!connection) return connection.error().text;
    if (const auto sent = io::cni::send_message(connection->get(), text, descriptor); !sent) return sent.error().text;
    auto received = io::cni::receive_message(connection->get());
    return received ? received->text : received.error().text;
  }
  void attach(const std::string& container, const base::Fd& netns) {
    auto reply = ask(Verb::kAdd, container, netns.get());
    next_fact().waiter(in_force());
    ASSERT_EQ(code(reply.get()), 0u);
  }

  std::string run_dir() const { return directory_.path() + "/run"; }
  std::string socket() const { return run_dir() + "/agent.sock"; }
  std::string queue() const { return directory_.path() + "/cni-deletions"; }
  std::vector<io::cni::Deletion> queued() const { return *io::cni::queued_deletions(queue()); }
  io::files::SandboxRecords records() const { return {directory_.path() + "/sandboxes", *io::files::boot_id()}; }

  support::TemporaryDirectory directory_;
  // The kernel's answers; not to be changed while requests are served.
  base::Result<std::vector<model::Link>> links_ = std::vector<model::Link>();
  base::Result<io::kernel::AddressesByLink> addresses_ = io::kernel::AddressesByLink();
  base::Result<std::vector<std::string>> links_into_ = std::vector<std::string>();
  base::Mailbox<model::Fact> facts_;
  std::vector<model::Fact> waiting_;
  std::unique_ptr<CniRequests> requests_;
};

// With a namespace to give to ADD.
class SourcesCniRequestsAdd : public SourcesCniRequests {
 protected:
  void SetUp() override {
    if (::geteuid() != 0) GTEST_SKIP() << "needs root: makes a network namespace";
    auto made = io::kernel::make_netns();
    ASSERT_TRUE(made) << made.error().text;
    netns_ = std::move(*made);
    start_serving();
  }
  base::Fd netns_;
};

model::desired::SandboxRecord record(const std::string& container, bool complete) {
  model::desired::SandboxRecord record;
  record.identity.container_id = container;
  record.identity.ifname = "eth0";
  record.addresses = {*base::parse_ip("10.1.0.5")};
  record.identity.incarnation = 77;
  record.complete = complete;
  return record;
}

TEST_F(SourcesCniRequests, TheFirstFactHoldsWhatWasAttachedAndSaysThatAllIsKnown) {
  ASSERT_TRUE(records().put(record("kept", true), nullptr));
  ASSERT_TRUE(records().put(record("unanswered", false), nullptr));
  ASSERT_TRUE(
      io::files::write_file(directory_.path() + "/sandboxes/cut@eth0@" + *io::files::boot_id() + ".json", R"({"addresses":["10.1.0.9"]})"));
  ASSERT_TRUE(start());

  const model::Fact fact = next_fact();

  ASSERT_THAT(fact.changes, SizeIs(3));
  const auto& kept = std::get<model::RowChange<Sandbox>>(fact.changes[0]);
  EXPECT_EQ(kept.key, "kept/eth0");
  EXPECT_TRUE(kept.row->complete);
  EXPECT_EQ(kept.row->identity.incarnation, 77u);
  EXPECT_THAT(kept.row->addresses, ElementsAre(*base::parse_ip("10.1.0.5")));
  const auto& cut = std::get<model::RowChange<Sandbox>>(fact.changes[1]);
  EXPECT_EQ(cut.key, "cut/eth0");
  EXPECT_THAT(cut.row->recovered.value().reason, HasSubstr("cut@eth0"));
  EXPECT_THAT(cut.row->addresses, ElementsAre(*base::parse_ip("10.1.0.9")));
  const auto& status = std::get<model::RowChange<model::SourceStatus>>(fact.changes[2]);
  EXPECT_EQ(status.key, "sandboxes");
  EXPECT_TRUE(status.row->synced);
}

TEST_F(SourcesCniRequests, StatusIsWhatTheEngineSaidLast) {
  ASSERT_TRUE(start());
  EXPECT_EQ(code(ask(Verb::kStatus).get()), 50u);
  requests_->set_serving({});
  EXPECT_EQ(code(ask(Verb::kStatus).get()), 0u);
  requests_->set_serving(base::Error{EAGAIN, "no pod CIDR"});
  EXPECT_EQ(ask(Verb::kStatus).get().failure->msg, "no pod CIDR");
}

TEST_F(SourcesCniRequests, DelOfWhatIsUnknownAsksTheEngineToo) {
  start_serving();
  auto reply = ask(Verb::kDel);

  const model::Fact fact = next_fact();
  EXPECT_EQ(sandbox_of(fact).key, "abc/eth0");
  EXPECT_EQ(sandbox_of(fact).row, nullptr);
  EXPECT_EQ(fact.waiter_sandbox, "abc/eth0");
  fact.waiter(model::SandboxReply{});

  EXPECT_EQ(code(reply.get()), 0u);
}

TEST_F(SourcesCniRequests, DelIsNotDoneWhileItsRecordIsOnDisk) {
  ASSERT_TRUE(records().put(record("abc", true), nullptr));
  start_serving();
  auto reply = ask(Verb::kDel);
  next_fact().waiter(model::SandboxReply{});

  EXPECT_EQ(code(reply.get()), 11u);
}

TEST_F(SourcesCniRequests, QueuedDeletionsFollowTheFirstFactAndLeaveTheQueueWhenDone) {
  ASSERT_TRUE(io::cni::queue_deletion(queue(), {"abc", "eth0"}));
  ASSERT_TRUE(records().put(record("abc", true), nullptr));
  start_serving();

  const model::Fact fact = next_fact();
  EXPECT_EQ(sandbox_of(fact).row, nullptr);
  EXPECT_THAT(queued(), SizeIs(1));
  ASSERT_TRUE(records().remove(record("abc", true)));
  fact.waiter(model::SandboxReply{});

  EXPECT_EQ(code(ask(Verb::kStatus).get()), 0u);  // served after the answer above
  EXPECT_THAT(queued(), IsEmpty());
}

TEST_F(SourcesCniRequests, DelTakesAwayARecordThatCannotBeReadAndTheQueueEndsEmpty) {
  const std::string path = directory_.path() + "/sandboxes/abc@eth0@" + *io::files::boot_id() + ".json";
  ASSERT_TRUE(io::files::write_file(path, ""));
  ASSERT_TRUE(io::cni::queue_deletion(queue(), {"abc", "eth0"}));
  start_serving();

  const model::Fact fact = next_fact();
  EXPECT_EQ(sandbox_of(fact).key, "abc/eth0");
  EXPECT_EQ(sandbox_of(fact).row, nullptr);
  const auto left = records().list();
  for (const auto& row : *left) ASSERT_TRUE(records().remove(row));  // as the engine does with what nobody wants
  fact.waiter(model::SandboxReply{});

  EXPECT_EQ(code(ask(Verb::kStatus).get()), 0u);
  EXPECT_THAT(queued(), IsEmpty());
}

TEST_F(SourcesCniRequests, WhatCannotBeSeenIsNotTakenForAbsent) {
  links_ = base::Error{EPERM, "links cannot be read"};
  const auto started = start();
  ASSERT_FALSE(started);
  EXPECT_THAT(started.error().text, HasSubstr("links cannot be read"));

  model::Link link;
  link.name = "ich0123456789ab", link.kind = "veth";
  links_ = std::vector{link};
  addresses_ = base::Error{EPERM, "routes cannot be read"};
  ASSERT_FALSE(requests_->start());

  EXPECT_THAT(facts_.take(base::boot_now()), IsEmpty());  // nothing says that the source has synced
}

TEST_F(SourcesCniRequests, ADeletionQueuedMeanwhileIsAppliedBeforeTheNextRequest) {
  start_serving();
  ASSERT_TRUE(io::cni::queue_deletion(queue(), {"abc", "eth0"}));

  EXPECT_EQ(code(ask(Verb::kStatus).get()), 0u);

  EXPECT_EQ(sandbox_of(next_fact()).key, "abc/eth0");
}

TEST_F(SourcesCniRequests, AStartThatFailedIsTriedAgain) {
  ASSERT_TRUE(io::files::write_file(directory_.path() + "/sandboxes", "in the way"));
  ASSERT_FALSE(start());

  ASSERT_TRUE(io::files::remove_file(directory_.path() + "/sandboxes"));
  ASSERT_TRUE(requests_->start());

  requests_->set_serving({});
  EXPECT_EQ(code(ask(Verb::kStatus).get()), 0u);
}

TEST_F(SourcesCniRequests, WhatCannotBeRemovedOfAnEarlierBootIsNoReasonToRefusePods) {
  const std::string left = directory_.path() + "/sandboxes/abc@eth0@another-boot.json";
  ASSERT_TRUE(std::filesystem::create_directories(left + "/in the way"));

  start_serving();

  EXPECT_EQ(code(ask(Verb::kStatus).get()), 0u);
}

TEST_F(SourcesCniRequests, AStaleSocketIsReplacedByOneForTheOwnerOnly) {
  ASSERT_TRUE(io::files::write_file(socket(), "stale"));
  start_serving();

  EXPECT_EQ(code(ask(Verb::kStatus).get()), 0u);
  EXPECT_EQ(std::filesystem::status(socket()).permissions(), std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
}

TEST_F(SourcesCniRequests, HostileMessagesGetAClearErrorAndHarmNothing) {
  start_serving();
  const base::Fd file(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  const base::Fd own(::open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC));
  const std::string add = io::cni::encode(Request{Verb::kAdd, "abc", "eth0", "/run/netns/x", "", "", ""});

  EXPECT_THAT(send_raw(std::string(io::cni::kMaxMessage + 1, ' ')), HasSubstr("longer than"));
  EXPECT_THAT(send_raw("{"), HasSubstr("JSON"));
  EXPECT_THAT(send_raw(std::string(60000, '[')), HasSubstr("JSON"));
  EXPECT_THAT(send_raw(R"({"verb":"DEL"})"), HasSubstr("containerId"));
  EXPECT_THAT(send_raw(add), HasSubstr("this one has 0"));
  EXPECT_THAT(send_raw(R"({"verb":"STATUS"})", file.get()), HasSubstr("this one has 1"));
  EXPECT_THAT(send_raw(add, file.get()), HasSubstr("is no network namespace"));
  EXPECT_THAT(send_raw(add, own.get()), HasSubstr("is the node's own"));
  {
    const auto silent = io::cni::connect_to(socket(), kPatience);
  }

  EXPECT_EQ(code(ask(Verb::kStatus).get()), 0u);
}

TEST_F(SourcesCniRequestsAdd, TheBuiltPluginGetsItsResultWhenTheRowsAreInForce) {
  auto outcome = std::async(std::launch::async, [this] {
    return support::run_cni(ICHOR_BINARY_DIR "/bin/ichor-cni",
                            {"ADD", "abc", "/proc/" + std::to_string(::getpid()) + "/fd/" + std::to_string(netns_.get()), "eth0",
                             "K8S_POD_NAMESPACE=ns;K8S_POD_NAME=web-0;K8S_POD_UID=u-1",
                             R"({"cniVersion":"1.1.0","socket":")" + socket() + R"(","queue":")" + queue() + "\"}"});
  });

  const model::Fact fact = next_fact();
  const auto change = sandbox_of(fact);
  EXPECT_EQ(change.key, "abc/eth0");
  EXPECT_EQ(change.row->identity.pod() + "/" + change.row->identity.pod_uid, "ns/web-0/u-1");
  EXPECT_FALSE(change.row->complete);
  EXPECT_TRUE(change.row->netns && *change.row->netns);
  fact.waiter(in_force());

  const auto printed = outcome.get();
  ASSERT_EQ(printed.exit_code, 0) << printed.output;
  const auto result = nlohmann::json::parse(printed.output);
  EXPECT_EQ(result["interfaces"][0]["name"], "ich0a");
  EXPECT_EQ(result["interfaces"][1]["mtu"], 1500);
  EXPECT_EQ(result["ips"][1]["address"], "fd00::5/128");
  EXPECT_EQ(ask(Verb::kCheck).get().attachment.addresses, in_force().addresses);
}

TEST_F(SourcesCniRequestsAdd, WaitsForTheEngineToBeAbleToServe) {
  requests_->set_serving(base::Error{EAGAIN, "no pod CIDR"});

  EXPECT_EQ(code(ask(Verb::kAdd, "abc", netns_.get()).get()), 11u);
}

TEST_F(SourcesCniRequestsAdd, TwiceIsAnErrorPendingOrDone) {
  auto first = ask(Verb::kAdd, "abc", netns_.get());
  const model::Fact fact = next_fact();
  EXPECT_EQ(code(ask(Verb::kAdd, "abc", netns_.get()).get()), 11u);
  EXPECT_EQ(code(ask(Verb::kCheck).get()), 11u);
  fact.waiter(in_force());
  ASSERT_EQ(code(first.get()), 0u);

  EXPECT_EQ(code(ask(Verb::kAdd, "abc", netns_.get()).get()), 100u);
  EXPECT_EQ(code(ask(Verb::kCheck, "other").get()), 3u);
}

TEST_F(SourcesCniRequestsAdd, ASecondOneForTheInterfaceOfAKnownSandboxIsRefused) {
  auto first = ask(Verb::kAdd, "abc", netns_.get());
  const model::Fact fact = next_fact();
  const Reply pending = ask(Verb::kAdd, "other", netns_.get()).get();
  EXPECT_EQ(code(pending), 100u);
  EXPECT_THAT(pending.failure->msg, HasSubstr("its interface eth0 belongs to sandbox abc/eth0"));
  fact.waiter(in_force());
  ASSERT_EQ(code(first.get()), 0u);

  links_into_ = std::vector<std::string>{"ich0a"};  // as in_force() says
  EXPECT_EQ(code(ask(Verb::kAdd, "other", netns_.get()).get()), 100u);
  links_into_ = std::vector<std::string>{"ich0b"};
  attach("other", netns_);
}

TEST_F(SourcesCniRequestsAdd, AFailedOneIsTakenBackAndMayBeTriedAgain) {
  auto reply = ask(Verb::kAdd, "abc", netns_.get());
  next_fact().waiter(base::Error{EIO, "link ich0a: no"});
  EXPECT_EQ(code(reply.get()), 101u);
  const model::Fact taken_back = next_fact();
  EXPECT_EQ(sandbox_of(taken_back).row, nullptr);
  taken_back.waiter(model::SandboxReply{});

  attach("abc", netns_);
}

TEST_F(SourcesCniRequestsAdd, OneWhosePluginIsGoneIsTakenBack) {
  {
    const auto plugin = io::cni::connect_to(socket(), kPatience);
    ASSERT_TRUE(io::cni::send_message(plugin->get(), io::cni::encode(Request{Verb::kAdd, "abc", "eth0", "", "", "", ""}), netns_.get()));
    EXPECT_NE(sandbox_of(next_fact()).row, nullptr);
  }

  const model::Fact taken_back = next_fact();

  EXPECT_EQ(taken_back.waiter_sandbox, "abc/eth0");
  EXPECT_EQ(sandbox_of(taken_back).row, nullptr);
}

TEST_F(SourcesCniRequestsAdd, DelOvertakesAPendingAdd) {
  auto add = ask(Verb::kAdd, "abc", netns_.get());
  const model::Fact added = next_fact();
  auto del = ask(Verb::kDel);
  const model::Fact gone = next_fact();
  EXPECT_EQ(code(add.get()), 11u);

  added.waiter(in_force());
  gone.waiter(model::SandboxReply{});

  EXPECT_EQ(code(del.get()), 0u);
  EXPECT_EQ(code(ask(Verb::kCheck).get()), 3u);
}

TEST_F(SourcesCniRequestsAdd, AnAgentThatStopsLetsGoOfAllPlugins) {
  auto add = ask(Verb::kAdd, "abc", netns_.get());
  const model::Fact fact = next_fact();

  requests_.reset();

  EXPECT_EQ(code(add.get()), 5u);  // hung up on
  fact.waiter(in_force());
}

TEST_F(SourcesCniRequestsAdd, ThirtyAtOnceAreServedWhileOneHangs) {
  auto hanging = ask(Verb::kAdd, "hanging", netns_.get());
  const model::Fact unanswered = next_fact();
  std::vector<base::Fd> namespaces;  // one namespace takes one interface of a name
  std::vector<std::future<Reply>> replies;
  for (int i = 0; i < 30; ++i) {
    namespaces.push_back(std::move(io::kernel::make_netns()).value());
    replies.push_back(ask(Verb::kAdd, "c" + std::to_string(i), namespaces.back().get()));
  }

  for (int i = 0; i < 30; ++i) next_fact().waiter(in_force());
  for (auto& reply : replies) EXPECT_EQ(code(reply.get()), 0u);

  unanswered.waiter(in_force());
  EXPECT_EQ(code(hanging.get()), 0u);
}

}  // namespace
}  // namespace sources
