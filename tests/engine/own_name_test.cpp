// Which Node an agent takes itself for.
#include "engine/own_name.h"

#include <gtest/gtest.h>

#include "io/kernel/process.h"
#include "support/kube_node.h"

namespace engine {
namespace {

class EngineOwnName : public testing::Test {
 protected:
  EngineOwnName() { options_.kubeconfig = node_.path("kubeconfig"); }

  support::KubeNode node_;
  Options options_;
};

TEST_F(EngineOwnName, WhatIsSaidOnTheCommandLineCounts) {
  options_.node_name = "told";
  EXPECT_EQ(*own_name(options_), "told");
}

TEST_F(EngineOwnName, WithManifestsItIsTheHostName) {
  options_.kubeconfig.clear();
  options_.manifests = "/m";
  EXPECT_EQ(*own_name(options_), io::kernel::host_name());
}

TEST_F(EngineOwnName, WithoutCredentialsItIsNotGuessed) {
  EXPECT_EQ(own_name(options_).error().code, ENOENT);

  node_.write_kubeconfig("https://127.0.0.1:7445");
  EXPECT_EQ(*own_name(options_), "one");
}

TEST_F(EngineOwnName, CredentialsThatAreNoNodesLeaveTheHostName) {
  node_.write_kubeconfig("https://127.0.0.1:7445", "token: secret\n");
  EXPECT_EQ(*own_name(options_), io::kernel::host_name());
}

}  // namespace
}  // namespace engine
