// What goes on after a start, by what is left on disk and in the kernel.
#include <gmock/gmock.h>

#include "model/canary.h"
#include "model/host/pod_link.h"
#include "sources/cni/recovery.h"
#include "support/builders.h"

namespace sources::cni {
namespace {

using model::Sandbox;
using support::ip;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

class SourcesCniRecovery : public testing::Test {
 protected:
  static model::desired::SandboxRecord a_record(const std::string& container, bool complete = true) {
    model::desired::SandboxRecord record;
    record.identity = support::a_sandbox(container).identity;
    record.addresses = {ip("10.1.0.5")};
    record.complete = complete;
    return record;
  }
  void unreadable(const std::string& container, std::vector<base::Ip> addresses) {
    model::SandboxIdentity identity;
    identity.container_id = container;
    identity.ifname = "eth0";
    remains_.records.unreadable.push_back({identity, container + ".json", "version: not 1", std::move(addresses)});
  }
  void link(const std::string& name, const std::string& alias, std::vector<base::Ip> addresses) {
    model::Link link;
    link.name = name;
    link.kind = "netkit";
    link.alias = alias;
    link.mac = {{2, 0, 0, 0, 0, 4}};
    remains_.links.push_back(link);
    if (!addresses.empty()) remains_.addresses[name] = std::move(addresses);
  }
  std::vector<Sandbox> kept() const { return sandboxes_kept(remains_); }

  Remains remains_;
};

TEST_F(SourcesCniRecovery, WhatHasAWholeRecordGoesOnAndNoLinkIsAskedForItsAddresses) {
  remains_.records.records = {a_record("abc")};
  link(model::pod_link_name(a_record("abc").identity), "ichor pod abc/eth0", {});

  EXPECT_FALSE(has_unrecorded_links(remains_));
  ASSERT_THAT(kept(), SizeIs(1));
  EXPECT_FALSE(kept()[0].recovered);
  EXPECT_EQ(kept()[0].identity, a_record("abc").identity);
}

TEST_F(SourcesCniRecovery, ALinkWithoutARecordIsKeptAsItsAliasAndWhatLeadsToItSay) {
  link("ich0123456789ab", "ichor pod abc/net1", {ip("10.1.0.5"), ip("fd00::5")});

  EXPECT_TRUE(has_unrecorded_links(remains_));
  ASSERT_THAT(kept(), SizeIs(1));
  const Sandbox sandbox = kept()[0];
  EXPECT_EQ(sandbox.key(), "abc/net1");
  EXPECT_TRUE(sandbox.complete);
  EXPECT_THAT(sandbox.addresses, ElementsAre(ip("10.1.0.5"), ip("fd00::5")));
  EXPECT_EQ(sandbox.link_kind, model::LinkKind::kNetkit);
  ASSERT_TRUE(sandbox.recovered);
  EXPECT_FALSE(sandbox.recovered->has_record_file);
  EXPECT_EQ(sandbox.recovered->link, "ich0123456789ab");
  EXPECT_EQ(sandbox.recovered->host_mac, remains_.links[0].mac);
}

TEST_F(SourcesCniRecovery, OfAnUnfinishedAddNothingIsKept) {
  remains_.records.records = {a_record("abc", false)};
  link(model::pod_link_name(a_record("abc").identity), "ichor pod abc/eth0", {ip("10.1.0.5")});

  EXPECT_THAT(kept(), IsEmpty());
}

TEST_F(SourcesCniRecovery, OfAnEndedOneWhoseLinkAloneIsLeftNothingIsKept) {
  link("ich0123456789ab", "ichor pod abc/eth0", {});
  remains_.records.records = {a_record("again")};
  link("ich0123456789ac", "ichor pod again/eth0", {ip("10.1.0.5")});  // of an earlier ADD of that container

  ASSERT_THAT(kept(), SizeIs(1));
  EXPECT_EQ(kept()[0].key(), "again/eth0");
  EXPECT_FALSE(kept()[0].recovered);
}

TEST_F(SourcesCniRecovery, TheCanaryOfAnotherAgentIsNoPod) {
  link("ich0123456789ab", "ichor canary", {model::kCanaryPodAddress});
  link("ich0123456789ac", "", {model::kCanaryPodAddress});  // of a version that gave no alias

  EXPECT_THAT(kept(), IsEmpty());
}

TEST_F(SourcesCniRecovery, ARecordThatCannotBeReadIsJoinedWithItsLinkByAlias) {
  unreadable("abc", {});
  link("ich0123456789ab", "ichor pod abc/eth0", {ip("10.1.0.5")});

  ASSERT_THAT(kept(), SizeIs(1));
  EXPECT_EQ(kept()[0].key(), "abc/eth0");
  EXPECT_TRUE(kept()[0].recovered->has_record_file);
  EXPECT_EQ(kept()[0].recovered->link, "ich0123456789ab");
  EXPECT_THAT(kept()[0].addresses, ElementsAre(ip("10.1.0.5")));
}

TEST_F(SourcesCniRecovery, ARecordThatCannotBeReadIsJoinedWithAnOlderVersionsLinkByAddress) {
  unreadable("aaa", {ip("10.1.0.9")});
  unreadable("abc", {ip("10.1.0.5"), ip("10.1.0.6")});
  link("ich0123456789ab", "", {ip("10.1.0.5"), ip("fd00::5")});

  const auto sandboxes = kept();
  ASSERT_THAT(sandboxes, SizeIs(2));
  EXPECT_EQ(sandboxes[0].key(), "abc/eth0");
  EXPECT_EQ(sandboxes[0].recovered->link, "ich0123456789ab");
  EXPECT_THAT(sandboxes[0].addresses, ElementsAre(ip("10.1.0.5"), ip("10.1.0.6"), ip("fd00::5")));
  EXPECT_EQ(sandboxes[1].key(), "aaa/eth0");
  EXPECT_EQ(sandboxes[1].recovered->link, "");
}

TEST_F(SourcesCniRecovery, AnOlderVersionsLinkThatNothingNamesIsKeptUnderItsOwnName) {
  link("ich0123456789ab", "", {ip("10.1.0.5")});

  ASSERT_THAT(kept(), SizeIs(1));
  EXPECT_EQ(kept()[0].key(), "ich0123456789ab/");
}

TEST_F(SourcesCniRecovery, TwoLinksOfOneNameAreBothKept) {
  unreadable("abc", {});
  for (const char* name : {"ich0123456789ab", "ich0123456789ac"})
    link(name, "ichor pod abc/eth0", {ip(std::string("10.1.0.") + (name[14] == 'b' ? "5" : "6"))});

  const auto sandboxes = kept();
  ASSERT_THAT(sandboxes, SizeIs(2));
  EXPECT_EQ(sandboxes[0].key(), "abc/eth0");
  EXPECT_EQ(sandboxes[1].key(), "ich0123456789ac/");
}

}  // namespace
}  // namespace sources::cni
