// Who the server is, and who we are.
#include <gmock/gmock.h>

#include "support/kube_node.h"

namespace io::kube {
namespace {

using namespace std::chrono_literals;
using support::Conversation;
using support::KeyKind;
using support::KubeNode;
using support::TlsServer;
using support::TlsServerSettings;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

void answer_one(Conversation& with) {
  if (with.request()) with.say(support::answer(with.version() + " " + with.server_name()));
  with.wait_for_the_client();
}

// The body, or "CODE: TEXT" of the error.
std::string ask(Connection& connection) {
  std::string body;
  const auto answered = connection.get("/", 30s, [&body](std::string_view piece) {
    body += piece;
    return true;
  });
  if (!answered.ok()) return std::to_string(answered.error().code) + ": " + answered.error().text;
  return answered->ok() ? body : std::to_string(answered->status) + " " + answered->message;
}

std::string ask(KubeNode& node, const TlsServerSettings& settings, const std::string& host = "", const std::string& cluster = "") {
  const TlsServer server(settings, answer_one);
  node.write_kubeconfig("https://" + server.address(), KubeNode::kCertificate, cluster);
  return ask(*node.connection(host));
}

const std::string kRejected = std::to_string(EKEYREJECTED) + ": API server 127.0.0.1:";
const std::string kExpired = std::to_string(EKEYEXPIRED) + ": API server 127.0.0.1:";

TEST(IoKubeTrust, BothKindsOfKeysAndBothVersionsOfTls) {
  for (const KeyKind kind : {KeyKind::kEcdsa, KeyKind::kRsa}) {
    for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
      KubeNode node(kind);
      TlsServerSettings settings = node.server_settings();
      settings.oldest = settings.newest = version;

      EXPECT_EQ(ask(node, settings), version == TLS1_3_VERSION ? "TLSv1.3 " : "TLSv1.2 ");
    }
  }
}

TEST(IoKubeTrust, NothingOlderThanTls12) {
  KubeNode node(KeyKind::kRsa);
  TlsServerSettings settings = node.server_settings();
  settings.oldest = settings.newest = TLS1_1_VERSION;

  EXPECT_THAT(ask(node, settings), AllOf(HasSubstr("TLS handshake: "), HasSubstr("version")));
}

TEST(IoKubeTrust, AServerOfAnotherAuthorityIsRefused) {
  KubeNode node;
  TlsServerSettings settings = node.server_settings();
  settings.identity = support::Authority("kubernetes").issue({"kube-apiserver", {"IP:127.0.0.1"}});

  EXPECT_THAT(ask(node, settings),
              AllOf(HasSubstr(kRejected), HasSubstr("(CN=kube-apiserver) is not trusted by the kubeconfig's certificate-authority")));
}

TEST(IoKubeTrust, AServerOfAnotherNameIsRefusedAndItsNamesAreShown) {
  KubeNode node;

  EXPECT_THAT(ask(node, node.server_settings({"IP:10.0.0.1", "DNS:kubernetes", "IP:fd00::1"})),
              AllOf(HasSubstr(kRejected), HasSubstr("is for 10.0.0.1, kubernetes, fd00::1, not for 127.0.0.1")));
  EXPECT_THAT(ask(node, node.server_settings({})), HasSubstr("is for nobody, not for 127.0.0.1"));
}

TEST(IoKubeTrust, TheCommonNameIsNoName) {
  KubeNode node;
  TlsServerSettings settings = node.server_settings();
  settings.identity = node.authority.issue({"localhost", {"IP:127.0.0.1"}});

  EXPECT_THAT(ask(node, settings, "localhost"), HasSubstr("not for localhost"));
}

TEST(IoKubeTrust, LocalhostIsSaidInSniAndAnAddressIsNot) {
  KubeNode node;

  EXPECT_EQ(ask(node, node.server_settings({"DNS:localhost"}), "localhost"), "TLSv1.3 localhost");
  EXPECT_EQ(ask(node, node.server_settings({"IP:127.0.0.1"})), "TLSv1.3 ");
}

TEST(IoKubeTrust, TheKubeconfigsServerNameIsSaidAndVerified) {
  KubeNode node;
  const std::string cluster = "tls-server-name: api.internal\n";

  EXPECT_EQ(ask(node, node.server_settings({"DNS:api.internal"}), "localhost", cluster), "TLSv1.3 api.internal");
  EXPECT_THAT(ask(node, node.server_settings({"IP:127.0.0.1"}), "", cluster), HasSubstr("not for api.internal"));
}

TEST(IoKubeTrust, ADateThatForbidsItNamesTheClock) {
  KubeNode node;
  TlsServerSettings settings = node.server_settings();

  settings.identity = node.authority.issue({"kube-apiserver", {"IP:127.0.0.1"}, KeyKind::kEcdsa, 86'400, 172'800});
  EXPECT_THAT(ask(node, settings), AllOf(HasSubstr(kExpired), HasSubstr("the server's certificate (CN=kube-apiserver) is valid from 2"),
                                         HasSubstr(", but the system time is 2"), HasSubstr("Z: the clock looks wrong")));

  settings.identity = node.authority.issue({"kube-apiserver", {"IP:127.0.0.1"}, KeyKind::kEcdsa, -172'800, -86'400});
  EXPECT_THAT(ask(node, settings), AllOf(HasSubstr(kExpired), HasSubstr("it has expired, or the clock looks wrong")));
}

TEST(IoKubeTrust, AnOwnCertificateThatTheServerRefusesIsNamedWithItsDates) {
  KubeNode node;
  node.rotate("system:node:one", -172'800, -86'400);

  EXPECT_THAT(ask(node, node.server_settings()),
              AllOf(HasSubstr("API server 127.0.0.1:"), HasSubstr("certificate expired"),
                    HasSubstr("; the client certificate " + node.path("client.pem") + " is valid from 2"),
                    HasSubstr("it has expired, or the clock looks wrong")));
}

TEST(IoKubeTrust, AnOwnCertificateIsTriedThoughOurClockForbidsIt) {
  KubeNode node;
  node.rotate("system:node:one", 3600, 7200);
  TlsServerSettings settings = node.server_settings();
  settings.client_authority = "";

  EXPECT_EQ(ask(node, settings), "TLSv1.3 ");
}

TEST(IoKubeTrust, ARefusalOfTheUserSaysWhatIsWrongWithTheOwnCertificate) {
  KubeNode node;
  node.rotate("system:node:one", 86'400, 172'800);
  TlsServerSettings settings = node.server_settings();
  settings.client_authority = "";
  const TlsServer server(settings, [](Conversation& with) {
    if (with.request())
      with.say(support::answer(R"({"kind":"Status","reason":"Unauthorized","message":"Unauthorized"})", "401 Unauthorized"));
    with.wait_for_the_client();
  });
  node.write_kubeconfig("https://" + server.address());

  EXPECT_THAT(ask(*node.connection()), AllOf(HasSubstr("401 Unauthorized; the client certificate "), HasSubstr("the clock looks wrong")));
}

TEST(IoKubeTrust, AServerThatWantsACertificateIsNamedWhenThereIsNone) {
  KubeNode node;
  const TlsServer server(node.server_settings(), answer_one);
  node.write_kubeconfig("https://" + server.address(), "token: secret\n");

  EXPECT_THAT(ask(*node.connection()), AllOf(HasSubstr("API server " + server.address()), HasSubstr("certificate required")));
}

TEST(IoKubeTrust, ANameThatIsNotLookedUpIsRefusedWithTheWayOut) {
  const KubeNode node;
  node.write_kubeconfig("https://cluster.example:6443");

  EXPECT_THAT(ask(*node.connection()), AllOf(HasSubstr("cluster.example:6443 (server in " + node.path("kubeconfig") + ")"),
                                             HasSubstr("k8sServiceHost to localhost")));
  EXPECT_THAT(ask(*node.connection("api.example", 7445)), HasSubstr("api.example:7445 (k8sServiceHost)"));
}

TEST(IoKubeTrust, TheSettingsServerReplacesTheKubeconfigs) {
  KubeNode node;
  const TlsServer server(node.server_settings({"DNS:localhost"}), answer_one);
  node.write_kubeconfig("https://10.255.255.1:1/prefix");

  EXPECT_EQ(ask(*node.connection("localhost", static_cast<uint16_t>(server.port()))), "TLSv1.3 localhost");
}

}  // namespace
}  // namespace io::kube
