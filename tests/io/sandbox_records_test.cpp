// Sandboxes on disk: what survives an agent, what a reboot makes void, what damage does.
#include "io/files/sandbox_records.h"

#include <gmock/gmock.h>

#include <fstream>

#include "io/files/files.h"
#include "support/temporary_directory.h"

namespace io::files {
namespace {

using model::desired::SandboxRecord;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

const SandboxRecord kRecord{
    {"abc", "eth0", "ns", "web-0", "u-1", "/run/netns/x", 4000000000u, {{std::nullopt, 8080, 80, model::Protocol::kTcp}}},
    {*base::parse_ip("10.1.0.5"), *base::parse_ip("fd00::5")},
    true,
    model::LinkKind::kNetkit};

class IoSandboxRecords : public testing::Test {
 protected:
  std::string path_of(const std::string& name) const { return directory_.path() + "/sandboxes/" + name; }
  void write(const std::string& name, const std::string& content) { ASSERT_TRUE(write_file(path_of(name), content)); }

  support::TemporaryDirectory directory_;
  SandboxRecords records_{directory_.path() + "/sandboxes", "boot-1"};
};

TEST_F(IoSandboxRecords, ARecordIsReadAsItWasWritten) {
  EXPECT_THAT(*records_.list(), IsEmpty());
  ASSERT_TRUE(records_.put(kRecord, nullptr));

  EXPECT_THAT(*records_.list(), ElementsAre(kRecord));
  EXPECT_TRUE(records_.has("abc/eth0"));
  EXPECT_FALSE(records_.has("abc/eth1"));
}

TEST_F(IoSandboxRecords, PutReplacesAndRemoveIsIdempotent) {
  SandboxRecord pending = kRecord;
  pending.complete = false;
  ASSERT_TRUE(records_.put(pending, nullptr));
  ASSERT_TRUE(records_.put(kRecord, &pending));
  EXPECT_THAT(*records_.list(), ElementsAre(kRecord));

  ASSERT_TRUE(records_.remove(kRecord));
  ASSERT_TRUE(records_.remove(kRecord));
  EXPECT_THAT(*records_.list(), IsEmpty());
}

TEST_F(IoSandboxRecords, ARebootMakesAllVoidAlsoWhatItDamaged) {
  ASSERT_TRUE(records_.put(kRecord, nullptr));
  write("cut@eth0@boot-1.json", "");
  SandboxRecords after(directory_.path() + "/sandboxes", "boot-2");

  EXPECT_THAT(after.read()->records, IsEmpty());
  EXPECT_THAT(after.read()->unreadable, IsEmpty());
  ASSERT_TRUE(after.discard_void());
  EXPECT_THAT(records_.read()->records, IsEmpty());
  EXPECT_THAT(records_.read()->unreadable, IsEmpty());
}

TEST_F(IoSandboxRecords, DamageIsReportedWithTheNameAndTheAddressesThatCanBeRead) {
  ASSERT_TRUE(records_.put(kRecord, nullptr));
  write("a@eth0@boot-1.json", "{");
  write("b@eth0@boot-1.json", R"({"version":1,"addresses":["10.1.0.9"]})");
  write("c@eth0@boot-1.json", *read_file(path_of("abc@eth0@boot-1.json")));

  const auto content = records_.read();

  ASSERT_TRUE(content);
  EXPECT_THAT(content->records, ElementsAre(kRecord));
  ASSERT_THAT(content->unreadable, SizeIs(3));
  EXPECT_EQ(content->unreadable[0].path, path_of("a@eth0@boot-1.json"));
  EXPECT_EQ(content->unreadable[0].identity.key(), "a/eth0");
  EXPECT_THAT(content->unreadable[0].addresses, IsEmpty());
  EXPECT_THAT(content->unreadable[1].addresses, ElementsAre(*base::parse_ip("10.1.0.9")));
  EXPECT_THAT(content->unreadable[2].addresses, SizeIs(2));
}

TEST_F(IoSandboxRecords, OneThatCannotBeReadIsListedKeptAsItIsAndRemovedByItsName) {
  const std::string newer = R"({"version":2,"addresses":["10.1.0.9"],"what":"nobody knows yet"})";
  for (const std::string& content : {std::string(), std::string(R"({"version":1,"conta)"), newer}) {
    write("a@v@4@boot-1.json", content);
    const auto listed = records_.list();
    ASSERT_TRUE(listed);
    ASSERT_THAT(*listed, SizeIs(1));
    const SandboxRecord& row = listed->front();
    EXPECT_EQ(row.key(), "a/v@4");
    EXPECT_FALSE(row.readable);
    EXPECT_TRUE(records_.holds(row));

    ASSERT_TRUE(records_.put(row, &row));
    EXPECT_EQ(*read_file(path_of("a@v@4@boot-1.json")), content);

    ASSERT_TRUE(records_.remove(row));
    EXPECT_FALSE(records_.has("a/v@4"));
    EXPECT_THAT(*records_.list(), IsEmpty());
  }
}

TEST_F(IoSandboxRecords, AFieldThatIsNotKnownIsPassedOver) {
  ASSERT_TRUE(records_.put(kRecord, nullptr));
  std::string text = *read_file(path_of("abc@eth0@boot-1.json"));
  write("abc@eth0@boot-1.json", text.insert(1, R"("fromTheFuture": {"a": [1]},)"));

  EXPECT_THAT(*records_.list(), ElementsAre(kRecord));
}

TEST_F(IoSandboxRecords, ANameThatIsNoSandboxsIsPassedOver) {
  for (const char* name : {"noise@boot-1.json", "@eth0@boot-1.json", "a@@boot-1.json", "@boot-1.json"}) write(name, "{");

  EXPECT_THAT(*records_.list(), IsEmpty());
}

TEST_F(IoSandboxRecords, DiscardingLeavesWhatIsOfThisBootOrForeign) {
  ASSERT_TRUE(records_.put(kRecord, nullptr));
  write(".abc@eth0@boot-1.json.new", "half");
  write("README", "mine");

  ASSERT_TRUE(records_.discard_void());

  EXPECT_THAT(*records_.list(), ElementsAre(kRecord));
  EXPECT_FALSE(std::filesystem::exists(path_of(".abc@eth0@boot-1.json.new")));
  EXPECT_TRUE(std::filesystem::exists(path_of("README")));
}

}  // namespace
}  // namespace io::files
