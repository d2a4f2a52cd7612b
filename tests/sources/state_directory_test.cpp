// A state directory that takes nothing, and one that takes something again.
#include "sources/state_directory.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "base/mailbox.h"
#include "io/files/files.h"
#include "support/temporary_directory.h"

namespace sources {
namespace {

constexpr base::Millis kPatience{20'000};

class SourcesStateDirectory : public testing::Test {
 protected:
  std::string path() const { return directory_.path() + "/state"; }
  void start(std::vector<StateDirectory::PendingWrite> pending = {}) {
    source_ = std::make_unique<StateDirectory>(path(), std::move(pending), [this](model::Fact fact) { facts_.push(std::move(fact)); });
    ASSERT_TRUE(source_->start());
  }
  // The row after the next change of that key.
  std::shared_ptr<const model::Problem> next(const std::string& key) {
    for (const auto until = base::boot_now() + kPatience; base::boot_now() < until;) {
      for (auto& fact : facts_.take(until))
        for (const auto& change : std::get<model::Changes>(fact))
          if (const auto& row = std::get<model::RowChange<model::Problem>>(change); row.key == key) return row.row;
    }
    ADD_FAILURE() << "nothing was said of " << key;
    return nullptr;
  }

  support::TemporaryDirectory directory_;
  base::Mailbox<model::Fact> facts_;
  std::unique_ptr<StateDirectory> source_;
};

TEST_F(SourcesStateDirectory, OneThatTakesNothingIsAProblemUntilItDoes) {
  ASSERT_TRUE(io::files::write_file(path(), "in the way"));
  start();
  const auto problem = next(model::problem_key(model::Origin::kStateDirectory, ""));
  ASSERT_TRUE(problem);
  EXPECT_NE(problem->subject.find(path()), std::string::npos);

  ASSERT_TRUE(io::files::remove_file(path()));

  EXPECT_EQ(next(model::problem_key(model::Origin::kStateDirectory, "")), nullptr);
}

TEST_F(SourcesStateDirectory, APendingWriteIsRunUntilItSucceedsAndNeverAgain) {
  std::atomic<int> runs = 0;
  start({{"kept settings", [&runs]() -> base::Result<void> {
            if (++runs == 1) return base::Error{EIO, "not now"};
            return {};
          }}});
  const auto problem = next(model::problem_key(model::Origin::kStateDirectory, "kept settings"));
  ASSERT_TRUE(problem);
  EXPECT_NE(problem->text.find("not now"), std::string::npos);

  EXPECT_EQ(next(model::problem_key(model::Origin::kStateDirectory, "kept settings")), nullptr);
  source_.reset();
  EXPECT_EQ(runs, 2);
}

TEST_F(SourcesStateDirectory, LeavesNothingInTheDirectory) {
  start();
  source_.reset();

  EXPECT_TRUE(std::filesystem::is_empty(path()));
}

}  // namespace
}  // namespace sources
