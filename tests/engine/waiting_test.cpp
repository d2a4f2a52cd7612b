// What an agent shows and does while it cannot begin.
#include "engine/waiting.h"

#include <gtest/gtest.h>
#include <pthread.h>

#include "status/readiness.h"

namespace engine {
namespace {

TEST(EngineWaiting, WhatIsWaitedForIsShownUntilItIsThere) {
  Process process("127.0.0.1:0");
  std::string shown;
  auto attempt = [&]() -> base::Result<void> {
    auto published = process.cell().load();
    if (!published) return base::Error{EBUSY, "another holds it"};
    for (const auto& check : status::readiness(*published))
      if (check.name == "start") shown = check.text;
    return {};
  };

  EXPECT_TRUE(wait_for(process, {}, {"run directory", "wait", attempt}));

  EXPECT_EQ(shown, "run directory: another holds it");
}

TEST(EngineWaiting, WhatIsThereAtOnceIsNotShown) {
  Process process("127.0.0.1:0");

  EXPECT_TRUE(wait_for(process, {}, {"run directory", "wait", [] { return base::Result<void>(); }}));

  EXPECT_EQ(process.cell().load(), nullptr);
}

TEST(EngineWaiting, WhatWasKnownBeforeStaysInSight) {
  Process process("127.0.0.1:0");
  model::Snapshot known;
  known.apply(model::put_problem(model::Origin::kSettings, "0", {"a.yaml:1", "wrong", ""}));
  std::shared_ptr<const model::Published> seen;
  auto attempt = [&]() -> base::Result<void> {
    seen = process.cell().load();
    return seen ? base::Result<void>() : base::Error{ENOENT, "not yet"};
  };

  EXPECT_TRUE(wait_for(process, known, {"node name", "wait", attempt}));

  EXPECT_TRUE(seen->snapshot.table<model::Problem>().find(model::problem_key(model::Origin::kSettings, "0")));
}

}  // namespace
}  // namespace engine
