// The verb settings on values files as people have them: tests/sources/values holds one of each kind.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "sources/settings.h"

namespace {

using sources::Conversion;
using sources::convert_settings;
using sources::NamedText;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
namespace fs = std::filesystem;

const fs::path kValues = fs::path(ICHOR_SOURCE_DIR) / "tests/sources/values";

Conversion from(const std::string& text) { return convert_settings(std::vector<NamedText>{{"v.yaml", text}}); }
Conversion from_file(const std::string& name) {
  std::ifstream file(kValues / name);
  std::stringstream text;
  text << file.rdbuf();
  return convert_settings(std::vector<NamedText>{{name, text.str()}});
}

std::vector<std::string> lines(const std::vector<model::Problem>& problems) {
  std::vector<std::string> lines;
  for (const auto& problem : problems) lines.push_back(model::to_string(problem));
  return lines;
}

std::vector<std::string> files() {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(kValues)) names.push_back(entry.path().filename().string());
  std::sort(names.begin(), names.end());
  return names;
}

class ValuesFile : public testing::TestWithParam<std::string> {};
INSTANTIATE_TEST_SUITE_P(SettingsConvert, ValuesFile, testing::ValuesIn(files()), [](const auto& file) {
  std::string name = file.param;
  std::replace_if(name.begin(), name.end(), [](unsigned char c) { return !std::isalnum(c); }, '_');
  return name;
});

TEST_P(ValuesFile, BecomesOneThatIchorTakesAndThatStaysAsItIs) {
  auto conversion = from_file(GetParam());

  EXPECT_THAT(lines(conversion.unreadable), IsEmpty());
  auto settings = sources::parse_settings({{"converted", conversion.values}}, {});
  EXPECT_THAT(lines(settings.errors), IsEmpty()) << conversion.values;
  EXPECT_EQ(settings.settings.size(), conversion.kept);
  for (const auto& setting : settings.settings) EXPECT_NE(setting.kind, model::SettingClass::kWithoutMeaning) << setting.key;
  auto again = from(conversion.values);
  EXPECT_EQ(again.values, conversion.values);
  EXPECT_THAT(lines(again.not_done), IsEmpty());
  EXPECT_THAT(lines(again.no_effect), IsEmpty());
  if (GetParam() != "nothing.yaml") EXPECT_GT(conversion.kept + conversion.not_done.size() + conversion.no_effect.size(), 0u);
}

TEST(SettingsConvert, WhatIsKeptIsAValuesFileAndTheRestIsListed) {
  auto conversion = from_file("k3s-tunnel.yaml");

  EXPECT_EQ(conversion.values,
            "kubeProxyReplacement: true\n"
            "k8sServiceHost: 192.168.1.10\n"
            "k8sServicePort: 6443\n"
            "l2announcements:\n"
            "  enabled: true  # does nothing yet\n"
            "externalIPs:\n"
            "  enabled: true\n");
  EXPECT_THAT(lines(conversion.not_done),
              ElementsAre(HasSubstr("k3s-tunnel.yaml:7: ipam.mode: \"cluster-pool\" is not accepted: pod addresses come from the Node's"),
                          HasSubstr("k3s-tunnel.yaml:11: routingMode: \"tunnel\" is not accepted: ichor routes natively, without"),
                          HasSubstr("k3s-tunnel.yaml:18: ingressController.enabled: true is refused: ichor has no L7 proxy: run an")));
  EXPECT_THAT(lines(conversion.no_effect), Contains("k3s-tunnel.yaml:12: tunnelProtocol: vxlan is left out: nothing is encapsulated"));
  EXPECT_THAT(lines(conversion.not_yet), Contains(HasSubstr("l2announcements.enabled: does nothing yet: CiliumL2AnnouncementPolicies")));
}

TEST(SettingsConvert, ValuesAreFoundInWhatCarriesThem) {
  const std::pair<const char*, const char*> kCases[] = {{"k3s-helmchart.yaml", "k8sServicePort: 6444\n"},
                                                        {"rke2-helmchartconfig.yaml", "kubeProxyReplacement: strict\n"},
                                                        {"flux-helmrelease.yaml", "autoDirectNodeRoutes: true\n"},
                                                        {"flux-configmap.yaml", "ipv4NativeRoutingCIDR: 10.244.0.0/16\n"},
                                                        {"argo-text.yaml", "devices: \"eth+ ens+\"\n"},
                                                        {"argo-object.yaml", "range: \"30000,32767\""},
                                                        {"umbrella.yaml", "ipv6NativeRoutingCIDR: \"fd00:42::/56\"\n"},
                                                        {"kustomize-inline.yaml", "port: 9962"},
                                                        {"k0s.yaml", "k8sServiceHost: 10.0.0.5\n"},
                                                        {"helmfile.yaml", "MTU: 1450\n"}};
  for (const auto& [name, line] : kCases) EXPECT_THAT(from_file(name).values, HasSubstr(line)) << name;
}

TEST(SettingsConvert, WhatSaysNothingOfCiliumIsNamed) {
  EXPECT_THAT(lines(from("apiVersion: v1\nkind: Service\nmetadata: {name: a, labels: {b: c}}\n").unreadable),
              ElementsAre("v.yaml: holds no values of Cilium's chart"));
  EXPECT_THAT(lines(from("a: {{ .Values.b }}\n  c: [\n").unreadable), ElementsAre(HasSubstr("v.yaml:")));
  EXPECT_THAT(lines(convert_settings(std::vector<std::string>{"/nonexistent"}).unreadable), ElementsAre(HasSubstr("/nonexistent: ")));
}

TEST(SettingsConvert, WhatATemplateFillsInIsLeftOutAlone) {
  auto conversion = from_file("template.yaml.gotmpl");

  EXPECT_EQ(conversion.values, "kubeProxyReplacement: true\nMTU: 1450\n");
  EXPECT_THAT(lines(conversion.not_done),
              testing::UnorderedElementsAre(
                  HasSubstr("k8sServiceHost: \"{{ requiredEnv \"API_HOST\" }}\" is not a host"),
                  HasSubstr("template.yaml.gotmpl:7: cluster.name: is filled in by a template; left out (write the value itself)"),
                  HasSubstr("template.yaml.gotmpl:11: ipv4NativeRoutingCIDR: \"${POD_CIDR}\" is not an IPv4 prefix")));
}

TEST(SettingsConvert, ABrokenDocumentCostsTheOthersNothing) {
  auto conversion = from("MTU: 1500\n---\na: [\n---\nipv6: {enabled: false}\n");

  EXPECT_EQ(conversion.values, "MTU: 1500\nipv6:\n  enabled: false\n");
  EXPECT_EQ(conversion.unreadable.size(), 1u);
}

TEST(SettingsConvert, WhatKeysSayTogetherIsJudgedWithoutThoseThatWent) {
  auto conversion = from("k8sServiceHost: auto\nk8sServicePort: 7445\nipv6: {enabled: true}\nMTU: 1270\n");

  EXPECT_EQ(conversion.values, "ipv6:\n  enabled: true\n");
  EXPECT_THAT(lines(conversion.not_done),
              ElementsAre(HasSubstr("MTU: 1270 is less than IPv6 needs"), HasSubstr("k8sServiceHost: auto is not possible"),
                          HasSubstr("a port without a host")));
}

TEST(SettingsConvert, OfAKeyThatIsThereTwiceTheLastCountsAndThatIsSaid) {
  auto conversion = from_file("twice.yaml");

  EXPECT_THAT(lines(conversion.not_done), ElementsAre("twice.yaml:1: key \"operator\" is there twice, and the one at twice.yaml:5 counts",
                                                      "twice.yaml:3: key \"hubble\" is there twice, and the one at twice.yaml:7 counts"));
  EXPECT_EQ(from("MTU: 1400\nMTU: 1500\n").values, "MTU: 1500\n");
}

TEST(SettingsConvert, TextComesBackAsItWas) {
  const std::string text =
      "hubble:\n  export:\n    static:\n      allowList: [\"{\\\"a\\\":[\\\"b\\\"]}\", \"null\", \"\", \"# x\", \"a: b\", \"ä\\n\"]\n";
  auto conversion = from(text);

  EXPECT_THAT(conversion.values, HasSubstr("allowList: [\"{\\\"a\\\":[\\\"b\\\"]}\", \"null\", \"\", \"# x\", \"a: b\", \"ä\\n\"]"));
  EXPECT_EQ(from(conversion.values).values, conversion.values);
}

TEST(SettingsConvert, LaterFilesWin) {
  auto conversion = convert_settings(std::vector<NamedText>{{"a", "MTU: 1400\nipv4: {enabled: true}\n"}, {"b", "MTU: 9000\n"}});

  EXPECT_EQ(conversion.values, "MTU: 9000\nipv4:\n  enabled: true\n");
}

}  // namespace
