// Credentials that come late, change, or are broken.
#include <gmock/gmock.h>

#include <filesystem>

#include "base/mailbox.h"
#include "support/kube_node.h"

namespace io::kube {
namespace {

using namespace std::chrono_literals;
using support::Conversation;
using support::KubeNode;
using support::TlsServer;
using testing::AllOf;
using testing::HasSubstr;

// Says who asked: the certificate's name and the line with the token.
void tell_who(Conversation& with) {
  while (const auto asked = with.request()) {
    const size_t field = asked->find("Authorization: ");
    const std::string token = field == std::string::npos ? "" : asked->substr(field, asked->find('\r', field) - field);
    const bool known = token.find("old") == std::string::npos;
    with.say(support::answer(with.client_name() + token, known ? "200 OK" : "401 Unauthorized"));
  }
}

class IoKubeCredentials : public testing::Test {
 protected:
  IoKubeCredentials() {
    auto settings = node_.server_settings();
    settings.client_authority = "";
    anyone_.emplace(settings, tell_who);
    server_.emplace(node_.server_settings(), tell_who);
    node_.write_kubeconfig("https://" + server_->address());
    connection_ = node_.connection();
  }
  base::Result<Answer> get() {
    body_.clear();
    return connection_->get("/", 30s, [this](std::string_view piece) {
      body_ += piece;
      return true;
    });
  }
  std::string who() {
    const auto answered = get();
    return answered.ok() ? body_ + answered->message : answered.error().text;
  }

  KubeNode node_;
  std::string body_;
  std::unique_ptr<Connection> connection_;
  std::optional<TlsServer> server_;
  std::optional<TlsServer> anyone_;
};

TEST_F(IoKubeCredentials, ARotatedCertificateIsUsedByTheNextRequest) {
  EXPECT_EQ(who(), "system:node:one");
  EXPECT_EQ(who(), "system:node:one");
  EXPECT_EQ(server_->accepted(), 1);

  node_.rotate("system:node:two");

  EXPECT_EQ(who(), "system:node:two");
  EXPECT_EQ(who(), "system:node:two");
  EXPECT_EQ(server_->accepted(), 2);
}

TEST_F(IoKubeCredentials, ALinkThatWasTurnedIsARotation) {
  std::filesystem::rename(node_.path("client.pem"), node_.path("first.pem"));
  node_.rotate("system:node:two");
  std::filesystem::rename(node_.path("client.pem"), node_.path("second.pem"));
  std::filesystem::create_symlink("first.pem", node_.path("client.pem"));
  EXPECT_EQ(who(), "system:node:one");

  std::filesystem::create_symlink("second.pem", node_.path("turned"));
  std::filesystem::rename(node_.path("turned"), node_.path("client.pem"));

  EXPECT_EQ(who(), "system:node:two");
}

TEST_F(IoKubeCredentials, AStreamGoesOnWhileTheCertificateRotates) {
  base::Mailbox<int> rotated;
  TlsServer streaming(node_.server_settings(), [&](Conversation& with) {
    with.request();
    with.say("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + support::chunk("first"));
    rotated.take(std::nullopt);
    with.say(support::chunk("second") + "0\r\n\r\n");
  });
  node_.write_kubeconfig("https://" + streaming.address());
  std::string all;

  const auto answered = connection_->get("/watch", 30s, [&](std::string_view piece) {
    if (all.empty()) {
      node_.rotate("system:node:two");
      rotated.push(1);
    }
    all += piece;
    return true;
  });

  ASSERT_TRUE(answered.ok()) << answered.error().text;
  EXPECT_EQ(all, "firstsecond");
}

TEST_F(IoKubeCredentials, ATokensFileIsReadAgain) {
  node_.write("token", "one\n");
  node_.write_kubeconfig("https://" + anyone_->address(), "tokenFile: token\n");
  EXPECT_EQ(who(), "Authorization: Bearer one");

  node_.write("token", "another\n");

  EXPECT_EQ(who(), "Authorization: Bearer another");
}

TEST_F(IoKubeCredentials, ARefusedUserClosesTheConnectionAndIsReadAgain) {
  node_.write("token", "old");
  node_.write_kubeconfig("https://" + anyone_->address(), "tokenFile: token\n");
  for (int i = 0; i < 2; ++i) EXPECT_EQ(get()->status, 401);
  EXPECT_EQ(anyone_->accepted(), 2);

  node_.write("token", "new");

  EXPECT_EQ(who(), "Authorization: Bearer new");
}

TEST_F(IoKubeCredentials, AnotherServerInTheKubeconfigIsAsked) {
  EXPECT_EQ(who(), "system:node:one");

  node_.write_kubeconfig("https://" + anyone_->address(), "token: a\n");

  EXPECT_EQ(who(), "Authorization: Bearer a");
}

TEST_F(IoKubeCredentials, WhatIsNotThereYetIsWaitedFor) {
  for (const char* name : {"kubeconfig", "client.pem", "ca.crt"}) {
    std::filesystem::rename(node_.path(name), node_.path("later"));

    const auto answered = get();

    ASSERT_FALSE(answered.ok());
    EXPECT_EQ(answered.error().code, ENOENT);
    EXPECT_THAT(answered.error().text, HasSubstr("waiting for " + node_.path(name)));
    std::filesystem::rename(node_.path("later"), node_.path(name));
    EXPECT_EQ(who(), "system:node:one");
  }
}

TEST_F(IoKubeCredentials, WhatIsBrokenIsNamedAndReadAgain) {
  const std::string where = node_.path("kubeconfig") + ": ";
  const auto broken = [&](const std::string& name, const std::string& text) {
    const auto good = io::files::read_file(node_.path(name));
    node_.write(name, text);
    const std::string said = who();
    node_.write(name, *good);
    EXPECT_EQ(who(), "system:node:one") << name;
    return said;
  };
  const support::Issued other = node_.authority.issue({"other"});
  const std::string certificate = io::files::read_file(node_.path("client.pem"))->substr(0, 200);

  EXPECT_THAT(broken("ca.crt", "rubbish"), HasSubstr(where + "certificate-authority: holds no PEM certificate"));
  EXPECT_THAT(broken("client.pem", ""), HasSubstr(where + "client-certificate: " + node_.path("client.pem") + " is empty"));
  EXPECT_THAT(broken("client.pem", certificate), HasSubstr(where + "client-certificate: "));
  EXPECT_THAT(broken("client.pem", other.certificate), HasSubstr(where + "client-key: holds no PEM private key"));
  EXPECT_THAT(broken("client.pem", other.certificate + node_.authority.issue({"x"}).key),
              HasSubstr(where + "client-key: does not belong to the client-certificate"));
}

TEST_F(IoKubeCredentials, ATokenThatWouldBreakTheRequestIsRefused) {
  for (const char* token : {"", "a b", "a\r\nX-Other: b"}) {
    node_.write("token", token);
    node_.write_kubeconfig("https://" + anyone_->address(), "tokenFile: token\n");
    EXPECT_THAT(who(), HasSubstr(node_.path("kubeconfig") + ": token: ")) << token;
  }
}

}  // namespace
}  // namespace io::kube
