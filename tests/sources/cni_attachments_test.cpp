// Sandboxes whose namespace went without a DEL, with the test as clock, kernel and engine.
#include <gmock/gmock.h>

#include "sources/cni/attachments.h"
#include "support/builders.h"
#include "support/temporary_directory.h"

namespace sources::cni {
namespace {

using testing::IsEmpty;
using testing::SizeIs;

class SourcesCniAttachments : public testing::Test {
 protected:
  void SetUp() override {
    auto mail = Mail::open();
    ASSERT_TRUE(mail);
    attachments_ = std::make_unique<Attachments>(Attachments::Outside{
        [this](model::Fact fact) { facts_.push_back(std::move(fact)); }, *mail, [](ConnectionId, const io::cni::Reply&) { return true; },
        [](const std::string&) { return false; }, [](int) { return std::vector<std::string>(); }, directory_.path() + "/queue"});
    for (const char* container : {"a", "b"}) {
      auto sandbox = support::a_sandbox(container);
      sandbox.recovered = model::Recovered{"", false, std::string("link-of-") + container, {}};
      attachments_->keep(sandbox);
    }
  }
  void look(int64_t second, const std::set<std::string>& links) { attachments_->look_for_lost(links, base::Millis{second * 1'000}); }

  support::TemporaryDirectory directory_;
  const model::SandboxRequest& request(size_t index) const { return std::get<model::SandboxRequest>(facts_.at(index)); }

  std::vector<model::Fact> facts_;
  std::unique_ptr<Attachments> attachments_;
};

TEST_F(SourcesCniAttachments, OneWhoseLinkIsGoneForTheGraceEndsAsByDel) {
  look(100, {"link-of-b"});
  look(129, {"link-of-b"});
  EXPECT_THAT(facts_, IsEmpty());

  look(130, {"link-of-b"});
  look(140, {"link-of-b"});

  ASSERT_THAT(facts_, SizeIs(1));
  EXPECT_EQ(request(0).sandbox.key, "a/eth0");
  EXPECT_EQ(request(0).sandbox.row, nullptr);
}

TEST_F(SourcesCniAttachments, ALinkThatIsSeenAgainWasNotLost) {
  look(100, {"link-of-b"});
  look(120, {"link-of-a", "link-of-b"});
  look(140, {"link-of-b"});

  EXPECT_THAT(facts_, IsEmpty());
}

TEST_F(SourcesCniAttachments, OneOfWhichNoLinkWasFoundEndsTheSameWay) {
  auto sandbox = support::a_sandbox("name-only");
  sandbox.recovered.emplace();
  attachments_->keep(sandbox);

  for (int64_t second : {100, 130}) look(second, {"link-of-a", "link-of-b"});

  ASSERT_THAT(facts_, SizeIs(1));
  EXPECT_EQ(request(0).sandbox.key, "name-only/eth0");
}

}  // namespace
}  // namespace sources::cni
