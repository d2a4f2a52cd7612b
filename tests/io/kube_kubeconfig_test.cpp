// The forms of a kubeconfig that are read, and the ones that are refused by name.
#include <gmock/gmock.h>

#include "io/kube/kubeconfig.h"

namespace io::kube {
namespace {

using testing::AllOf;
using testing::HasSubstr;

std::string kubeconfig(const std::string& cluster, const std::string& user) {
  return "apiVersion: v1\nkind: Config\ncurrent-context: here\ncontexts:\n- name: other\n  context: {cluster: x, user: x}\n"
         "- name: here\n  context: {cluster: c, user: u}\nclusters:\n- name: c\n  cluster: {" +
         cluster + "}\nusers:\n- name: u\n  user: {" + user + "}\n";
}

const std::string kCluster = "server: 'https://10.0.0.1:6443', certificate-authority: ca.crt";
const std::string kUser = "token: secret";

base::Result<Kubeconfig> parse(const std::string& text) { return parse_kubeconfig(text, "/etc/kubernetes/kubeconfig"); }

std::string error_of(const std::string& text) {
  const auto parsed = parse(text);
  return parsed.ok() ? "no error" : parsed.error().text;
}

TEST(IoKubeKubeconfig, FilesAreBesideIt) {
  const auto parsed = parse(kubeconfig(kCluster, "client-certificate: pki/current.pem, client-key: /var/lib/key.pem, tokenFile: ../token"));

  ASSERT_TRUE(parsed.ok()) << parsed.error().text;
  EXPECT_EQ(parsed->host, "10.0.0.1");
  EXPECT_EQ(parsed->port, 6443);
  EXPECT_EQ(parsed->path, "");
  EXPECT_EQ(parsed->authority.file, "/etc/kubernetes/ca.crt");
  EXPECT_EQ(parsed->client_certificate.file, "/etc/kubernetes/pki/current.pem");
  EXPECT_EQ(parsed->client_key.file, "/var/lib/key.pem");
  EXPECT_EQ(parsed->token.file, "/etc/token");
}

TEST(IoKubeKubeconfig, InlineDataWinsOverAFile) {
  const auto parsed = parse(kubeconfig("server: 'https://a.example', certificate-authority: ca.crt, certificate-authority-data: Y2E=",
                                       "client-certificate-data: Y2VydA==, client-key: x, client-key-data: \"a2\\nV5\\n\""));

  ASSERT_TRUE(parsed.ok()) << parsed.error().text;
  EXPECT_EQ(parsed->authority.inlined, "ca");
  EXPECT_EQ(parsed->authority.file, "");
  EXPECT_EQ(parsed->client_certificate.inlined, "cert");
  EXPECT_EQ(parsed->client_key.inlined, "key");
}

TEST(IoKubeKubeconfig, ATokensFileWinsOverAnInlineToken) {
  EXPECT_EQ(parse(kubeconfig(kCluster, "token: a"))->token.inlined, "a");

  const auto both = parse(kubeconfig(kCluster, "token: a, tokenFile: /run/token"));

  EXPECT_EQ(both->token.inlined, "");
  EXPECT_EQ(both->token.file, "/run/token");
}

TEST(IoKubeKubeconfig, ServersHaveManyForms) {
  const auto server = [](const std::string& url) {
    const auto parsed = parse(kubeconfig("server: '" + url + "', certificate-authority: ca.crt", kUser));
    return parsed.ok() ? parsed->host + "|" + std::to_string(parsed->port) + "|" + parsed->path : parsed.error().text;
  };
  EXPECT_EQ(server("https://127.0.0.1:7445"), "127.0.0.1|7445|");
  EXPECT_EQ(server("https://localhost:6443/"), "localhost|6443|");
  EXPECT_EQ(server("https://k8s.example"), "k8s.example|443|");
  EXPECT_EQ(server("https://[fd00::1]:6443"), "fd00::1|6443|");
  EXPECT_EQ(server("https://[fd00::1]"), "fd00::1|443|");
  EXPECT_EQ(server("https://10.0.0.1/k8s/clusters/c-1/"), "10.0.0.1|443|/k8s/clusters/c-1");
  for (const char* url : {"", "http://10.0.0.1", "10.0.0.1:6443", "https://", "https://:1", "https://a:b", "https://a:0", "https://a:65536",
                          "https://me@a", "https://[fd00::1", "https://fd00::1", "https://a?b", "https://a b"})
    EXPECT_THAT(server(url), AllOf(HasSubstr("/etc/kubernetes/kubeconfig: clusters[\"c\"].cluster.server: "), HasSubstr("https://")))
        << url;
}

TEST(IoKubeKubeconfig, TheServersNameIsKept) {
  EXPECT_EQ(parse(kubeconfig(kCluster + ", tls-server-name: api.internal", kUser))->tls_server_name, "api.internal");
}

TEST(IoKubeKubeconfig, JsonIsReadToo) {
  const auto parsed = parse(
      "{\n\t\"current-context\": \"h\",\n\t\"contexts\": [{\"name\": \"h\", \"context\": {\"cluster\": \"c\", \"user\": \"u\"}}],"
      "\n\t\"clusters\": [{\"name\": \"c\", \"cluster\": {\"server\": \"https:\\/\\/10.0.0.1:1\", \"certificate-authority\": \"a\"}}],"
      "\n\t\"users\": [\n\t\t{\"name\": \"u\", \"user\": {\"token\": \"t\"}}\n\t]\n}\n");

  ASSERT_TRUE(parsed.ok()) << parsed.error().text;
  EXPECT_EQ(parsed->host, "10.0.0.1");
  EXPECT_EQ(parsed->token.inlined, "t");
}

TEST(IoKubeKubeconfig, WhatAnAgentCannotUseIsRefusedByName) {
  const std::string user = "/etc/kubernetes/kubeconfig: users[\"u\"].user.";
  const std::string cluster = "/etc/kubernetes/kubeconfig: clusters[\"c\"].cluster.";
  for (const auto& [key, value] : std::map<std::string, std::string>{
           {"exec", "{command: aws}"}, {"auth-provider", "{name: gcp}"}, {"username", "a"}, {"password", "b"}})
    EXPECT_THAT(error_of(kubeconfig(kCluster, kUser + ", " + key + ": " + value)),
                AllOf(HasSubstr(user + key + ": "), HasSubstr("use a client certificate, a token or a tokenFile")));
  for (const auto& [key, value] : std::map<std::string, std::string>{{"as", "root"}, {"as-groups", "[a]"}, {"as-user-extra", "{a: [b]}"}})
    EXPECT_THAT(error_of(kubeconfig(kCluster, kUser + ", " + key + ": " + value)), HasSubstr(user + key + ": nobody is impersonated"));
  EXPECT_THAT(error_of(kubeconfig(kCluster + ", insecure-skip-tls-verify: true", kUser)),
              AllOf(HasSubstr(cluster + "insecure-skip-tls-verify: "), HasSubstr("give certificate-authority")));
  EXPECT_THAT(error_of(kubeconfig(kCluster + ", proxy-url: 'http://p'", kUser)), HasSubstr(cluster + "proxy-url: "));
}

TEST(IoKubeKubeconfig, WhatIsWrittenButEmptyIsNotRefused) {
  EXPECT_EQ(error_of(kubeconfig(kCluster + ", insecure-skip-tls-verify: false, proxy-url: ''", kUser + ", exec: null, username: ''")),
            "no error");
}

TEST(IoKubeKubeconfig, WhatIsMissingIsNamed) {
  EXPECT_THAT(error_of("{}"), HasSubstr("current-context: is missing"));
  EXPECT_THAT(error_of(""), HasSubstr("is no map of keys"));
  EXPECT_THAT(error_of("current-context: a"), HasSubstr("contexts[\"a\"]: is missing"));
  EXPECT_THAT(error_of("current-context: a\ncontexts: [{name: a, context: {cluster: b}}]"), HasSubstr("clusters[\"b\"]: is missing"));
  EXPECT_THAT(error_of("current-context: a\ncontexts: {name: a}"), HasSubstr("contexts: is not a list"));
  EXPECT_THAT(error_of(kubeconfig("server: 'https://a'", kUser)), HasSubstr("certificate-authority: is missing"));
  EXPECT_THAT(error_of(kubeconfig(kCluster, "client-key: a")), HasSubstr("client-certificate: is missing"));
  EXPECT_THAT(error_of(kubeconfig(kCluster, "client-certificate: a")), HasSubstr("client-key: is missing"));
  EXPECT_THAT(error_of(kubeconfig(kCluster, "")), HasSubstr("users[\"u\"].user: has no credentials"));
}

TEST(IoKubeKubeconfig, WhatIsBrokenIsNamed) {
  EXPECT_THAT(error_of("a: [\nb"), HasSubstr("/etc/kubernetes/kubeconfig:2: is not YAML"));
  EXPECT_THAT(error_of(kubeconfig(kCluster, "client-certificate-data: '*', client-key: a")),
              HasSubstr("client-certificate-data: is not base64"));
  EXPECT_THAT(error_of(kubeconfig(kCluster, "token: [a]")), HasSubstr("users[\"u\"].user.token: is not text"));
  EXPECT_EQ(parse(std::string(2 << 20, ' ')).error().code, EFBIG);
}

}  // namespace
}  // namespace io::kube
