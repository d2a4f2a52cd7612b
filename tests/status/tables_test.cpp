#include "status/tables.h"

#include <gmock/gmock.h>

#include <set>

#include "status/render.h"
#include "status/summary.h"
#include "support/published_sample.h"

namespace status {
namespace {

using testing::HasSubstr;

std::string text_of(const std::string& name, const model::Published& published) { return render_text(find_table(name)->view(published)); }

TEST(StatusTables, NamesAreUniqueAndEachTableSaysWhatItIs) {
  std::set<std::string_view> names;

  for (const auto& table : tables()) {
    EXPECT_TRUE(names.insert(table.name).second) << table.name;
    EXPECT_EQ(table.description.back(), '.') << table.name;
  }
}

TEST(StatusTables, EachKindOfDesiredRowHasATableWithADescriptionOfItsOwn) {
  auto described = []<class... Rows>(const std::variant<Rows...>*) {
    for (std::string_view kind : {Rows::kKind...}) {
      ASSERT_NE(find_table(kind), nullptr) << kind;
      EXPECT_THAT(find_table(kind)->description, testing::Not(HasSubstr("Desired rows of this kind"))) << kind;
    }
  };

  described(static_cast<const model::desired::Row*>(nullptr));
}

TEST(StatusTables, ServicesAreShownAsAPersonReadsThem) {
  EXPECT_EQ(text_of("services", support::a_quiet_node()),
            "SERVICE      TYPE       CLUSTER-IPS  PORTS        INTERNAL-POLICY  EXTERNAL-POLICY  AFFINITY-SECONDS  NOT-READY-TOO\n"
            "default/web  ClusterIP  10.96.0.10   http=80/TCP  Cluster          Cluster          0                 no\n");
}

TEST(StatusTables, AnEffectShowsItsOwnerAndWhyItFailed) {
  auto published = support::a_quiet_node();
  model::Outcome failed{model::OutcomeState::kFailed, "no space left", 3, base::BootTime(101'500)};
  support::put(published, model::desired::File{"/etc/cni/net.d/05-ichor.conflist", "{}"}, {"cni_conf", "one"}, failed);

  EXPECT_EQ(text_of("files", published),
            "KEY                               BYTES  CONTENT  STATE   OWNER         FAILED                   ERROR\n"
            "/etc/cni/net.d/05-ichor.conflist  2      {}       failed  cni_conf one  3 times, again in 1.5 s  no space left\n");
}

TEST(StatusTables, WhatNobodyAsksForAnyMoreIsKept) {
  auto published = support::a_quiet_node();
  using namespace model::desired;
  auto route = std::make_shared<const Route>(Route{support::cidr("10.9.0.0/24"), support::ip("192.0.2.7"), "eth1", {}});
  model::Effect left{{}, {}, {model::OutcomeState::kDone, "", 0, {}}, route};
  published.effects.of<Route>().set("10.9.0.0/24", std::make_shared<const model::Effect>(left));

  EXPECT_THAT(text_of("routes", published), HasSubstr("10.9.0.0/24    192.0.2.7  eth1  unicast  0       kept"));
}

TEST(StatusTables, AMapThatCannotShrinkShowsTheRoomThatItHas) {
  using model::desired::MapSize;
  auto published = support::a_quiet_node();
  model::Effect full{{"map_sizes", "node"},
                     std::make_shared<const MapSize>(MapSize{"pods", 256}),
                     {model::OutcomeState::kFailed, "300 are in use", 1, base::BootTime(101'500)},
                     std::make_shared<const MapSize>(MapSize{"pods", 512})};
  published.effects.of<MapSize>().set("pods", std::make_shared<const model::Effect>(full));

  EXPECT_THAT(text_of("map_sizes", published), testing::ContainsRegex("KEY +ENTRIES +.*WANTED\n"));
  EXPECT_THAT(text_of("map_sizes", published), testing::ContainsRegex("pods +512 .*300 are in use +entries=256\n"));
  EXPECT_THAT(text_of("map_sizes", published), testing::ContainsRegex("backends +16384 .* -\n"));
  EXPECT_THAT(summarize(published, published.snapshot.now, {}).map_sizes, testing::Contains(std::pair<std::string, int64_t>("pods", 512)));
}

TEST(StatusTables, ProblemsOfSourcesAndPlannersStandInOneTable) {
  auto published = support::a_quiet_node();
  support::put(published.snapshot,
               model::put_problem(model::Origin::kObjects, "web.yaml", model::Problem{"file web.yaml", "not YAML", "mend it"}));
  model::KeyProblems of_service{{{"Service default/db", "no slices", ""}}};
  published.problems.set("services default/db", std::make_shared<const model::KeyProblems>(of_service));

  EXPECT_EQ(text_of("problems", published),
            "OWNER                SUBJECT             TEXT       REMEDY\n"
            "objects              file web.yaml       not YAML   mend it\n"
            "services default/db  Service default/db  no slices  -\n");
}

TEST(StatusTables, AMisspeltNameHasANearOne) {
  EXPECT_EQ(nearest_table("servces"), "services");
  EXPECT_EQ(nearest_table("zzzzzzzzz"), "");
}

TEST(StatusTables, TheListOfTablesCountsRows) {
  EXPECT_THAT(render_text(table_of_tables(support::a_quiet_node())), HasSubstr("nodes                2     Nodes with"));
}

}  // namespace
}  // namespace status
