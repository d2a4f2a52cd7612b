// What a sandbox asks for when its record is not there to say so.
#include "plan/pods.h"

#include <gmock/gmock.h>

#include "engine/planning.h"
#include "model/host/pod_link.h"
#include "support/builders.h"

namespace {

using namespace support;
using namespace model::desired;
using testing::HasSubstr;

struct Pods : testing::Test {
  engine::Planning planning{[] {
                              model::Identity identity;
                              identity.node_name = "n1";
                              return identity;
                            }(),
                            plan::features()};
  std::vector<Row> rows;

  static model::Sandbox found() {
    model::Sandbox sandbox;
    sandbox.identity.container_id = "abc";
    sandbox.identity.ifname = "eth0";
    sandbox.complete = true;
    sandbox.addresses = {ip("10.42.1.9")};
    sandbox.link_kind = model::LinkKind::kVeth;
    sandbox.recovered = model::Recovered{"the disk is at its end", false, "ich0123456789ab", {{2, 0, 0, 0, 0, 4}}};
    return sandbox;
  }
  void plan(const model::Sandbox& sandbox) {
    planning.fold(all_synced());
    planning.fold({a_node("n1", {"10.42.1.0/24"}, {}), the_sandbox(sandbox)});
    planning.run({}, [&](const auto&, auto planned) { rows.insert(rows.end(), planned.begin(), planned.end()); });
  }
  template <class Kind>
  std::vector<Kind> of() const {
    std::vector<Kind> found;
    for (const auto& row : rows)
      if (const auto* kind = std::get_if<Kind>(&row)) found.push_back(*kind);
    return found;
  }
};

TEST_F(Pods, OneWithoutARecordKeepsTheLinkThatWasFoundAndAllThatLeadsThere) {
  plan(found());

  ASSERT_EQ(of<PodLink>().size(), 1u);
  const PodLink link = of<PodLink>()[0];
  EXPECT_EQ(link.name, "ich0123456789ab");
  EXPECT_EQ(link.alias, "ichor pod abc/eth0");
  EXPECT_EQ(link.host_mac, found().recovered->host_mac);
  EXPECT_EQ(link.netns, nullptr);
  ASSERT_EQ(of<PodEntry>().size(), 1u);
  EXPECT_EQ(of<PodEntry>()[0], (PodEntry{ip("10.42.1.9"), link.name, link.host_mac, {{2, 0, 0, 0, 0, 5}}}));
  EXPECT_EQ(of<Neighbor>().size(), 1u);
  EXPECT_EQ(of<Filter>().size(), 2u);
  EXPECT_TRUE(of<SandboxRecord>().empty());
  const auto* reported = planning.problems().find("pods abc/eth0");
  ASSERT_NE(reported, nullptr);
  EXPECT_EQ(reported->problems.front().subject, "Sandbox abc/eth0");
  EXPECT_THAT(reported->problems.front().text, testing::AllOf(HasSubstr("the disk is at its end"), HasSubstr("10.42.1.9")));
}

TEST_F(Pods, ARecordThatCannotBeReadIsLeftAsItIs) {
  auto sandbox = found();
  sandbox.recovered->has_record_file = true;
  plan(sandbox);

  ASSERT_EQ(of<SandboxRecord>().size(), 1u);
  EXPECT_FALSE(of<SandboxRecord>()[0].readable);
  EXPECT_EQ(of<SandboxRecord>()[0].key(), "abc/eth0");
}

TEST_F(Pods, OneOfWhichOnlyARecordsNameIsLeftAsksForNoLink) {
  auto sandbox = found();
  sandbox.recovered = model::Recovered{"cut off", true, "", {}};
  plan(sandbox);

  EXPECT_EQ(of<SandboxRecord>().size(), 1u);
  EXPECT_TRUE(of<PodLink>().empty());
  EXPECT_TRUE(of<PodEntry>().empty());
}

TEST_F(Pods, ALinkThatNothingNamesGetsNoAlias) {
  auto sandbox = found();
  sandbox.identity.container_id = sandbox.recovered->link;
  sandbox.identity.ifname = "";
  plan(sandbox);

  ASSERT_EQ(of<PodLink>().size(), 1u);
  EXPECT_EQ(of<PodLink>()[0].alias, "");
}

TEST(PodLinkMarks, AreANameOfTwelveDigitsOrAnAlias) {
  for (const char* name : {"ich0123456789ab", "ichffffffffffff"}) EXPECT_TRUE(model::is_pod_link_name(name)) << name;
  for (const char* name :
       {"ich", "ichost", "ichthys0", "ich0123456789aB", "ich0123456789a", "ich0123456789abc", "ich0123456789ag", "xch0123456789ab"})
    EXPECT_FALSE(model::is_pod_link_name(name)) << name;

  const auto sandbox = Pods::found();
  EXPECT_EQ(model::sandbox_of_alias(model::pod_link_alias(sandbox)), sandbox.key());
  EXPECT_TRUE(model::is_pod_link_name(model::pod_link_name(sandbox.identity)));
  auto canary = sandbox;
  canary.transient = true;
  model::Link link;
  link.alias = model::pod_link_alias(canary);
  EXPECT_TRUE(model::is_pod_link(link));
  EXPECT_EQ(model::sandbox_of_alias(link.alias), std::nullopt);
  for (const char* alias :
       {"", "ichor", "ichor pod ", "ichor pod abc", "ichor pod /eth0", "ichor pod abc/", "ichor of Troy", "pod abc/eth0"}) {
    link.alias = alias;
    EXPECT_FALSE(model::is_pod_link(link)) << alias;
  }
}

}  // namespace
