// DELs kept on disk until an agent comes.
#include <gmock/gmock.h>

#include <fstream>

#include "io/cni/deletion_queue.h"
#include "support/temporary_directory.h"

namespace io::cni {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(IoCniDeletionQueue, KeepsEachDeletionOnceUntilItIsTaken) {
  const support::TemporaryDirectory directory;
  const std::string queue = directory.path() + "/a/b";

  EXPECT_THAT(*queued_deletions(queue), IsEmpty());
  ASSERT_TRUE(queue_deletion(queue, {"c2", "eth0"}));
  ASSERT_TRUE(queue_deletion(queue, {"c1", "eth0@x"}));
  ASSERT_TRUE(queue_deletion(queue, {"c2", "eth0"}));
  EXPECT_THAT(*queued_deletions(queue), ElementsAre(Deletion{"c1", "eth0@x"}, Deletion{"c2", "eth0"}));

  ASSERT_TRUE(unqueue_deletion(queue, {"c2", "eth0"}));
  ASSERT_TRUE(unqueue_deletion(queue, {"c2", "eth0"}));
  EXPECT_THAT(*queued_deletions(queue), ElementsAre(Deletion{"c1", "eth0@x"}));
}

TEST(IoCniDeletionQueue, PassesOverForeignFiles) {
  const support::TemporaryDirectory directory;
  for (const char* name : {"README", "@eth0", "c1@", ".c1@eth0", "c 1@eth0", "c1@.."}) std::ofstream(directory.path() + "/" + name) << "";

  EXPECT_THAT(*queued_deletions(directory.path()), IsEmpty());
}

TEST(IoCniDeletionQueue, IsBounded) {
  const support::TemporaryDirectory directory;
  for (size_t i = 0; i < kMaxQueuedDeletions; ++i) std::ofstream(directory.path() + "/c" + std::to_string(i) + "@eth0");

  const auto queued = queue_deletion(directory.path(), {"more", "eth0"});

  ASSERT_FALSE(queued);
  EXPECT_EQ(queued.error().code, ENOSPC);
}

}  // namespace
}  // namespace io::cni
