// Which kinds of objects planners read: resources() says it, since the gate, readiness and the kept state go by that.
#include <gtest/gtest.h>

#include "engine/planning.h"
#include "sources/api_server/resources.h"
#include "sources/decode/row_change.h"

namespace engine {
namespace {

// An object of each kind, in the order of decode::ObjectRow.
const char* const kObjects[] = {
    R"({"metadata":{"name":"web"},"spec":{"clusterIP":"10.96.0.1","ports":[{"port":80}]}})",
    R"({"metadata":{"name":"s","labels":{"kubernetes.io/service-name":"web"}},"addressType":"IPv4","ports":[{"port":80}],
        "endpoints":[{"addresses":["10.1.0.7"]}]})",
    R"({"metadata":{"name":"one"},"spec":{"podCIDRs":["10.1.0.0/24"]}})",
    R"({"metadata":{"name":"p"},"spec":{"nodeName":"one"},"status":{"podIPs":[{"ip":"10.1.0.7"}]}})",
    R"({"metadata":{"name":"default"}})",
};

TEST(PlannedKinds, AreThoseThatAPlannerAsksFor) {
  static_assert(std::size(kObjects) == sources::decode::kKindCount);
  for (size_t kind = 0; kind < sources::decode::kKindCount; ++kind) {
    model::Identity identity;
    identity.node_name = "one";
    Planning planning(identity, plan::features());
    planning.run({}, [](const auto&, const auto&) {});
    uint64_t before = planning.planner_calls();
    auto decoded = sources::decode::decode_object(kind, sources::decode::parse_tree(kObjects[kind])->root(), "");
    ASSERT_TRUE(decoded.ok() && decoded->row) << kObjects[kind];
    planning.fold({sources::decode::put_change(sources::decode::meta_of(*decoded->row).key(), *decoded->row)});

    planning.run({}, [](const auto&, const auto&) {});

    EXPECT_EQ(sources::api_server::resources()[kind].planned, planning.planner_calls() > before) << sources::decode::kind_name(kind);
  }
}

}  // namespace
}  // namespace engine
