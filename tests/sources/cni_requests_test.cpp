// The control socket's agent side: what is kept, STATUS, DEL and what is no request.
#include <fcntl.h>

#include "sources/cni_requests_fixture.h"

namespace sources {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

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

  const auto changes = std::get<model::Changes>(next_fact());

  ASSERT_THAT(changes, SizeIs(3));
  const auto& kept = std::get<model::RowChange<Sandbox>>(changes[0]);
  EXPECT_EQ(kept.key, "kept/eth0");
  EXPECT_TRUE(kept.row->complete);
  EXPECT_EQ(kept.row->identity.incarnation, 77u);
  EXPECT_THAT(kept.row->addresses, ElementsAre(*base::parse_ip("10.1.0.5")));
  const auto& cut = std::get<model::RowChange<Sandbox>>(changes[1]);
  EXPECT_EQ(cut.key, "cut/eth0");
  EXPECT_THAT(cut.row->recovered.value().reason, HasSubstr("cut@eth0"));
  EXPECT_THAT(cut.row->addresses, ElementsAre(*base::parse_ip("10.1.0.9")));
  const auto& status = std::get<model::RowChange<model::SourceStatus>>(changes[2]);
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

  const auto request = next_request();
  EXPECT_EQ(request.sandbox.key, "abc/eth0");
  EXPECT_EQ(request.sandbox.row, nullptr);
  request.waiter(model::SandboxReply{});

  EXPECT_EQ(code(reply.get()), 0u);
}

TEST_F(SourcesCniRequests, DelIsNotDoneWhileItsRecordIsOnDisk) {
  ASSERT_TRUE(records().put(record("abc", true), nullptr));
  start_serving();
  auto reply = ask(Verb::kDel);
  next_request().waiter(model::SandboxReply{});

  EXPECT_EQ(code(reply.get()), 11u);
}

TEST_F(SourcesCniRequests, QueuedDeletionsFollowTheFirstFactAndLeaveTheQueueWhenDone) {
  ASSERT_TRUE(io::cni::queue_deletion(queue(), {"abc", "eth0"}));
  ASSERT_TRUE(records().put(record("abc", true), nullptr));
  start_serving();

  const auto request = next_request();
  EXPECT_EQ(request.sandbox.row, nullptr);
  EXPECT_THAT(queued(), SizeIs(1));
  ASSERT_TRUE(records().remove(record("abc", true)));
  request.waiter(model::SandboxReply{});

  EXPECT_EQ(code(ask(Verb::kStatus).get()), 0u);  // served after the answer above
  EXPECT_THAT(queued(), IsEmpty());
}

TEST_F(SourcesCniRequests, DelTakesAwayARecordThatCannotBeReadAndTheQueueEndsEmpty) {
  const std::string path = directory_.path() + "/sandboxes/abc@eth0@" + *io::files::boot_id() + ".json";
  ASSERT_TRUE(io::files::write_file(path, ""));
  ASSERT_TRUE(io::cni::queue_deletion(queue(), {"abc", "eth0"}));
  start_serving();

  const auto request = next_request();
  EXPECT_EQ(request.sandbox.key, "abc/eth0");
  EXPECT_EQ(request.sandbox.row, nullptr);
  const auto left = records().list();
  for (const auto& row : *left) ASSERT_TRUE(records().remove(row));  // as the engine does with what nobody wants
  request.waiter(model::SandboxReply{});

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

  EXPECT_EQ(next_request().sandbox.key, "abc/eth0");
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

}  // namespace
}  // namespace sources
