// Whose credentials lie there.
#include <gmock/gmock.h>

#include "io/kube/node_name.h"
#include "support/kube_node.h"

namespace io::kube {
namespace {

using support::KubeNode;
using testing::HasSubstr;

class IoKubeNodeName : public testing::Test {
 protected:
  base::Result<std::string> name(const std::string& certificate = "") { return node_name_of(node_.path("kubeconfig"), certificate); }

  KubeNode node_;
};

TEST_F(IoKubeNodeName, IsTheCommonNameOfTheKubeletsCertificate) {
  node_.write_kubeconfig("https://127.0.0.1:7445");
  EXPECT_EQ(*name(), "one");

  node_.rotate("system:node:two.example");
  EXPECT_EQ(*name(), "two.example");
}

TEST_F(IoKubeNodeName, WhatIsNotThereYetIsWaitedForByName) {
  EXPECT_EQ(name().error().code, ENOENT);
  EXPECT_THAT(name().error().text, HasSubstr("waiting for " + node_.path("kubeconfig")));

  node_.write_kubeconfig("https://127.0.0.1:7445", "client-certificate: later.pem\nclient-key: later.pem\n");
  EXPECT_EQ(name().error().code, ENOENT);
  EXPECT_THAT(name().error().text, HasSubstr("waiting for " + node_.path("later.pem")));
}

TEST_F(IoKubeNodeName, TheCertificateAloneCountsWhileThereIsNoKubeconfig) {
  EXPECT_EQ(*name(node_.path("client.pem")), "one");
  EXPECT_EQ(name(node_.path("later.pem")).error().code, ENOENT);

  node_.write_kubeconfig("https://127.0.0.1:7445", "token: secret\n");
  EXPECT_EQ(*name(node_.path("client.pem")), "");
}

TEST_F(IoKubeNodeName, CredentialsOfOthersNameNoNode) {
  node_.write_kubeconfig("https://127.0.0.1:7445");
  node_.rotate("admin");
  EXPECT_EQ(*name(), "");

  node_.write_kubeconfig("https://127.0.0.1:7445", "token: secret\n");
  EXPECT_EQ(*name(), "");
}

TEST_F(IoKubeNodeName, WhatIsNoNameOrNoCertificateIsAnError) {
  node_.write_kubeconfig("https://127.0.0.1:7445");
  for (const char* wrong : {"system:node:", "system:node:a/b", "system:node:A"}) {
    node_.rotate(wrong);
    EXPECT_EQ(name().error().code, EINVAL) << wrong;
  }

  node_.write("client.pem", "half of one");
  EXPECT_EQ(name().error().code, EINVAL);
  EXPECT_THAT(name().error().text, HasSubstr(node_.path("client.pem")));
}

}  // namespace
}  // namespace io::kube
