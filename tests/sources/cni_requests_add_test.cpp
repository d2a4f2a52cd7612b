// ADD by the control socket, asked by the plugin's client and by the built plugin.
#include <unistd.h>

#include <nlohmann/json.hpp>

#include "io/kernel/netns.h"
#include "sources/cni_requests_fixture.h"
#include "support/cni_plugin.h"

namespace sources {
namespace {

using testing::HasSubstr;

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

TEST_F(SourcesCniRequestsAdd, TheBuiltPluginGetsItsResultWhenTheRowsAreInForce) {
  auto outcome = std::async(std::launch::async, [this] {
    return support::run_cni(ICHOR_BINARY_DIR "/bin/ichor-cni",
                            {"ADD", "abc", "/proc/" + std::to_string(::getpid()) + "/fd/" + std::to_string(netns_.get()), "eth0",
                             "K8S_POD_NAMESPACE=ns;K8S_POD_NAME=web-0;K8S_POD_UID=u-1",
                             R"({"cniVersion":"1.1.0","socket":")" + socket() + R"(","queue":")" + queue() + "\"}"});
  });

  const auto request = next_request();
  const auto change = request.sandbox;
  EXPECT_EQ(change.key, "abc/eth0");
  EXPECT_EQ(change.row->identity.pod() + "/" + change.row->identity.pod_uid, "ns/web-0/u-1");
  EXPECT_FALSE(change.row->complete);
  EXPECT_TRUE(change.row->netns && *change.row->netns);
  request.waiter(in_force());

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
  const auto request = next_request();
  EXPECT_EQ(code(ask(Verb::kAdd, "abc", netns_.get()).get()), 11u);
  EXPECT_EQ(code(ask(Verb::kCheck).get()), 11u);
  request.waiter(in_force());
  ASSERT_EQ(code(first.get()), 0u);

  EXPECT_EQ(code(ask(Verb::kAdd, "abc", netns_.get()).get()), 100u);
  EXPECT_EQ(code(ask(Verb::kCheck, "other").get()), 3u);
}

TEST_F(SourcesCniRequestsAdd, ASecondOneForTheInterfaceOfAKnownSandboxIsRefused) {
  auto first = ask(Verb::kAdd, "abc", netns_.get());
  const auto request = next_request();
  const Reply pending = ask(Verb::kAdd, "other", netns_.get()).get();
  EXPECT_EQ(code(pending), 100u);
  EXPECT_THAT(pending.failure->msg, HasSubstr("its interface eth0 belongs to sandbox abc/eth0"));
  request.waiter(in_force());
  ASSERT_EQ(code(first.get()), 0u);

  links_into_ = std::vector<std::string>{"ich0a"};  // as in_force() says
  EXPECT_EQ(code(ask(Verb::kAdd, "other", netns_.get()).get()), 100u);
  links_into_ = std::vector<std::string>{"ich0b"};
  attach("other", netns_);
}

TEST_F(SourcesCniRequestsAdd, AFailedOneIsTakenBackAndMayBeTriedAgain) {
  auto reply = ask(Verb::kAdd, "abc", netns_.get());
  next_request().waiter(base::Error{EIO, "link ich0a: no"});
  EXPECT_EQ(code(reply.get()), 101u);
  const auto taken_back = next_request();
  EXPECT_EQ(taken_back.sandbox.row, nullptr);
  taken_back.waiter(model::SandboxReply{});

  attach("abc", netns_);
}

TEST_F(SourcesCniRequestsAdd, OneWhosePluginIsGoneIsTakenBack) {
  {
    const auto plugin = io::cni::connect_to(socket(), kPatience);
    ASSERT_TRUE(io::cni::send_message(plugin->get(), io::cni::encode(Request{Verb::kAdd, "abc", "eth0", "", "", "", ""}), netns_.get()));
    EXPECT_NE(next_request().sandbox.row, nullptr);
  }

  const auto taken_back = next_request();

  EXPECT_EQ(taken_back.sandbox.key, "abc/eth0");
  EXPECT_EQ(taken_back.sandbox.row, nullptr);
}

TEST_F(SourcesCniRequestsAdd, DelOvertakesAPendingAdd) {
  auto add = ask(Verb::kAdd, "abc", netns_.get());
  const auto added = next_request();
  auto del = ask(Verb::kDel);
  const auto gone = next_request();
  EXPECT_EQ(code(add.get()), 11u);

  added.waiter(in_force());
  gone.waiter(model::SandboxReply{});

  EXPECT_EQ(code(del.get()), 0u);
  EXPECT_EQ(code(ask(Verb::kCheck).get()), 3u);
}

TEST_F(SourcesCniRequestsAdd, AnAgentThatStopsLetsGoOfAllPlugins) {
  auto add = ask(Verb::kAdd, "abc", netns_.get());
  const auto request = next_request();

  requests_.reset();

  EXPECT_EQ(code(add.get()), 5u);  // hung up on
  request.waiter(in_force());
}

TEST_F(SourcesCniRequestsAdd, ThirtyAtOnceAreServedWhileOneHangs) {
  auto hanging = ask(Verb::kAdd, "hanging", netns_.get());
  const auto unanswered = next_request();
  std::vector<base::Fd> namespaces;  // one namespace takes one interface of a name
  std::vector<std::future<Reply>> replies;
  for (int i = 0; i < 30; ++i) {
    namespaces.push_back(std::move(io::kernel::make_netns()).value());
    replies.push_back(ask(Verb::kAdd, "c" + std::to_string(i), namespaces.back().get()));
  }

  for (int i = 0; i < 30; ++i) next_request().waiter(in_force());
  for (auto& reply : replies) EXPECT_EQ(code(reply.get()), 0u);

  unanswered.waiter(in_force());
  EXPECT_EQ(code(hanging.get()), 0u);
}

}  // namespace
}  // namespace sources
