// Files written whole.
#include "io/files/file_store.h"

#include <gmock/gmock.h>

#include "model/desired/cni_conflist.h"
#include "nlohmann/json.hpp"
#include "support/temporary_directory.h"

namespace io::files {
namespace {

using model::desired::File;
using testing::ElementsAre;
using testing::IsEmpty;

TEST(IoFileStore, MakesDirectoriesReplacesAndListsOnlyItsPaths) {
  const support::TemporaryDirectory directory;
  const std::string path = directory.path() + "/etc/cni/net.d/05-ichor.conflist";
  FileStore store({path});

  EXPECT_THAT(*store.list(), IsEmpty());
  ASSERT_TRUE(store.put({path, "one"}, nullptr));
  ASSERT_TRUE(store.put({path, "two"}, nullptr));
  ASSERT_TRUE(store.put({directory.path() + "/other", "x"}, nullptr));

  EXPECT_THAT(*store.list(), ElementsAre(File{path, "two"}));
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(directory.path() + "/etc/cni/net.d"), {}), 1);
}

TEST(IoFileStore, AnUnwritablePathIsNamed) {
  const auto put = FileStore({}).put({"/proc/no/such", ""}, nullptr);

  ASSERT_FALSE(put);
  EXPECT_THAT(put.error().text, testing::HasSubstr("/proc/no/such"));
}

TEST(ModelCniConflist, IsOnePluginWithAllItNeeds) {
  const auto conf = nlohmann::json::parse(model::desired::cni_conflist("/run/i\"chor", "/var/lib/ichor"));

  EXPECT_EQ(conf, nlohmann::json::parse(R"({"cniVersion":"1.0.0","cniVersions":["0.3.1","1.0.0","1.1.0"],"name":"ichor","disableGC":true,
    "plugins":[{"type":"ichor-cni","capabilities":{"portMappings":true},"socket":"/run/i\"chor/agent.sock","queue":"/var/lib/ichor/cni-deletions"}]})"));
}

}  // namespace
}  // namespace io::files
