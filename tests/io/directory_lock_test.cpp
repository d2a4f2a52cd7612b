#include "io/files/directory_lock.h"

#include <gtest/gtest.h>

#include "support/temporary_directory.h"

namespace io::files {
namespace {

TEST(IoDirectoryLock, IsRefusedWhileAnotherLivesAndGivenAfterIt) {
  support::TemporaryDirectory directory;
  const std::string path = directory.path() + "/run/ichor";
  auto first = lock_directory(path);
  ASSERT_TRUE(first);

  auto second = lock_directory(path);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, EBUSY);
  EXPECT_NE(second.error().text.find(path), std::string::npos);

  *first = base::Fd();
  EXPECT_TRUE(lock_directory(path));
}

}  // namespace
}  // namespace io::files
