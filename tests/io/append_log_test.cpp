// A log that is cut, changed or cannot be written: what is read of it is always a beginning of what was written.
#include "io/files/append_log.h"

#include <gmock/gmock.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "io/files/files.h"
#include "support/temporary_directory.h"

namespace io::files {
namespace {

using testing::ElementsAre;
using testing::ElementsAreArray;

const std::vector<std::string> kRecords{"head", "put a {\"x\":1}", "put b {}", "gone a", "a longer one " + std::string(60, 'x')};

std::string text_of(const std::vector<std::string>& records, LogEnd from = {}) {
  std::string text;
  for (const auto& record : records) text += log_line(from, record);
  return text;
}

struct Read {
  std::vector<std::string> records;
  LogContents contents;
};

class AppendLog : public testing::Test {
 protected:
  void holds(std::string_view text) const { std::ofstream(path_, std::ios::binary | std::ios::trunc) << text; }
  Read read() const {
    Read read;
    auto contents = read_log(path_, [&](std::string_view record, uint64_t) { return read.records.emplace_back(record), true; });
    EXPECT_TRUE(contents.ok()) << (contents.ok() ? "" : contents.error().text);
    if (contents.ok()) read.contents = *contents;
    return read;
  }

  support::TemporaryDirectory directory_;
  std::string path_ = directory_.path() + "/log";
};

TEST_F(AppendLog, IsReadAsItWasWritten) {
  holds(text_of(kRecords));

  auto back = read();

  EXPECT_THAT(back.records, ElementsAreArray(kRecords));
  EXPECT_EQ(back.contents.end.bytes, back.contents.bytes);
}

TEST_F(AppendLog, CutAnywhereItIsABeginningThatCanBeGoneOnWith) {
  const std::string whole = text_of(kRecords);
  for (size_t length = 0; length <= whole.size(); ++length) {
    holds(whole.substr(0, length));
    auto back = read();
    ASSERT_LE(back.records.size(), kRecords.size());
    ASSERT_TRUE(std::equal(back.records.begin(), back.records.end(), kRecords.begin())) << length;
    ASSERT_EQ(text_of(back.records).size(), back.contents.end.bytes) << length;

    LogEnd end = back.contents.end;
    const std::string more = log_line(end, "more");
    ASSERT_TRUE(append_to_log(path_, back.contents.end, more).ok());
    back.records.emplace_back("more");
    ASSERT_THAT(read().records, ElementsAreArray(back.records)) << length;
  }
}

TEST_F(AppendLog, AChangedByteEndsIt) {
  const std::string whole = text_of(kRecords);
  for (size_t at = 0; at < whole.size(); ++at) {
    std::string changed = whole;
    changed[at] = changed[at] == '1' ? '2' : '1';
    holds(changed);
    auto back = read();
    ASSERT_LT(back.records.size(), kRecords.size()) << at;
    ASSERT_TRUE(std::equal(back.records.begin(), back.records.end(), kRecords.begin())) << at;
  }
}

TEST_F(AppendLog, ALineOfAnotherPlaceIsNone) {
  std::string whole = text_of(kRecords);
  size_t second = whole.find('\n') + 1, third = whole.find('\n', second) + 1;
  holds(whole.substr(0, second) + whole.substr(third));

  EXPECT_THAT(read().records, ElementsAre("head"));
}

TEST_F(AppendLog, AFileThatWasReplacedByAShorterOneIsNotWrittenTo) {
  holds(text_of(kRecords));
  LogEnd end = read().contents.end;
  holds("head");

  auto appended = append_to_log(path_, end, "more\n");

  ASSERT_FALSE(appended.ok());
  EXPECT_EQ(appended.error().code, ESTALE);
  std::filesystem::remove(path_);
  EXPECT_EQ(append_to_log(path_, end, "more\n").error().code, ENOENT);
}

TEST_F(AppendLog, AFullDiskLeavesWhatWasThere) {
  const std::string mounted = directory_.path() + "/small";
  std::filesystem::create_directory(mounted);
  if (::mount("ichor", mounted.c_str(), "tmpfs", 0, "size=64k") != 0) GTEST_SKIP() << "needs the right to mount";
  path_ = mounted + "/log";
  holds(text_of(kRecords));
  LogEnd end = read().contents.end, behind = end;

  auto appended = append_to_log(path_, end, log_line(behind, std::string(100'000, 'y')));

  EXPECT_FALSE(appended.ok());
  EXPECT_EQ(appended.error().code, ENOSPC);
  EXPECT_THAT(read().records, ElementsAreArray(kRecords));
  behind = end;
  EXPECT_TRUE(append_to_log(path_, end, log_line(behind, "small")).ok());
  EXPECT_EQ(read().records.size(), kRecords.size() + 1);
  ::umount2(mounted.c_str(), MNT_DETACH);
}

}  // namespace
}  // namespace io::files
