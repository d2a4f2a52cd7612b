// What an agent shows and does while it cannot begin.
#include "engine/waiting.h"

#include <gtest/gtest.h>
#include <pthread.h>

#include "model/readiness.h"

namespace engine {
namespace {

TEST(EngineWaiting, WhatIsWaitedForIsShownUntilItIsThere) {
  Process process("127.0.0.1:0");
  std::string shown;
  auto attempt = [&]() -> base::Result<void> {
    auto published = process.cell().load();
    if (!published) return base::Error{EBUSY, "another holds it"};
    for (const auto& check : model::readiness(*published))
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
  known.table<model::Problem>().set("settings/0", std::make_shared<const model::Problem>(model::Problem{"a.yaml:1", "wrong", ""}));
  std::shared_ptr<const model::Published> seen;
  auto attempt = [&]() -> base::Result<void> {
    seen = process.cell().load();
    return seen ? base::Result<void>() : base::Error{ENOENT, "not yet"};
  };

  EXPECT_TRUE(wait_for(process, known, {"node name", "wait", attempt}));

  EXPECT_TRUE(seen->snapshot.table<model::Problem>().find("settings/0"));
}

}  // namespace
}  // namespace engine
