// Values files as users write them: the two in machineconfig, what is wrong with others and where, how they are laid over each other.
#include "sources/settings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace {

using sources::NamedText;
using sources::parse_settings;
using sources::Settings;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

const std::string kMachineConfig = std::string(ICHOR_SOURCE_DIR) + "/machineconfig/";
const std::string kBase = kMachineConfig + "cilium-base-values.yaml";
const std::string kHubble = kMachineConfig + "cilium-hubble-values.yaml";

Settings from(const std::string& text) { return parse_settings({{"values.yaml", text}}, {}); }

std::vector<std::string> lines(const Settings& settings) {
  std::vector<std::string> lines;
  for (const auto& error : settings.errors) lines.push_back(error.subject + ": " + error.text + " [" + error.remedy + "]");
  return lines;
}

const model::Setting* find(const Settings& settings, const std::string& key) {
  for (const auto& setting : settings.settings)
    if (setting.key == key) return &setting;
  return nullptr;
}

// One error, at a line, that says so.
struct Wrong {
  const char* text;
  const char* line;
};
std::ostream& operator<<(std::ostream& out, const Wrong& wrong) { return out << wrong.text; }
class SettingsWrong : public testing::TestWithParam<Wrong> {};

TEST_P(SettingsWrong, IsOneErrorThatNamesFileLineAndKey) {
  auto settings = from(GetParam().text);

  EXPECT_THAT(lines(settings), ElementsAre(GetParam().line));
  EXPECT_EQ(settings.config, model::Config{});
}

INSTANTIATE_TEST_SUITE_P(
    Keys, SettingsWrong,
    testing::Values(
        Wrong{"# a\nroutingmode: native\n", "values.yaml:2: routingmode: unknown key [did you mean routingMode?]"},
        Wrong{"loadBalancer:\n  mode: dsr\n  algoritm: maglev\n",
              "values.yaml:3: loadBalancer.algoritm: unknown key [did you mean loadBalancer.algorithm?]"},
        Wrong{"masquerade: true\n", "values.yaml:1: masquerade: unknown key [did you mean bpf.masquerade?]"},
        Wrong{"ipv4:\n  cidr: 1\n", "values.yaml:2: ipv4.cidr: unknown key [allowed: enabled]"},
        Wrong{"ipam.mode: kubernetes\n", "values.yaml:1: ipam.mode: a key within a key [write one map within the other instead of a dot]"},
        Wrong{"MTU: large\n",
              "values.yaml:1: MTU: \"large\" is not a whole number from 0 to 65535 [allowed: a whole number from 0 to 65535]"},
        Wrong{"MTU: [1500]\n",
              "values.yaml:1: MTU: a list is not a whole number from 0 to 65535 [allowed: a whole number from 0 to 65535]"},
        Wrong{"k8sServiceHost: localhost\nk8sServicePort: 70000\n",
              "values.yaml:2: k8sServicePort: \"70000\" is not a whole number from 1 to 65535 [allowed: a whole number from 1 to 65535]"},
        Wrong{"ipv6:\n  enabled: maybe\n", "values.yaml:2: ipv6.enabled: \"maybe\" is not true or false [allowed: true or false]"},
        Wrong{"hubble: true\n", "values.yaml:1: hubble: true is not a map of keys [write hubble.enabled]"},
        Wrong{"loadBalancer:\n  algorithm: fastest\n",
              "values.yaml:2: loadBalancer.algorithm: \"fastest\" is not accepted: how a backend is chosen for what comes from outside "
              "[allowed: "
              "one of: random, maglev]"},
        Wrong{"ipv4NativeRoutingCIDR: fd00::/64\n",
              "values.yaml:1: ipv4NativeRoutingCIDR: \"fd00::/64\" is not an IPv4 prefix such as 10.42.0.0/16 [allowed: an IPv4 prefix "
              "such as "
              "10.42.0.0/16]"},
        Wrong{"ipv4NativeRoutingCIDR: 10.42.0.1/16\n",
              "values.yaml:1: ipv4NativeRoutingCIDR: \"10.42.0.1/16\" has bits set beyond its length: 10.42.0.0/16? [allowed: an IPv4 "
              "prefix such "
              "as 10.42.0.0/16]"},
        Wrong{"devices: [eth0, this-name-is-too-long]\n",
              "values.yaml:1: devices: \"this-name-is-too-long\" is not an interface's name [allowed: a list of interfaces, such as [eth0, "
              "enp+]]"},
        Wrong{"l2announcements:\n  leaseDuration: soon\n",
              "values.yaml:2: l2announcements.leaseDuration: \"soon\" is not a duration such as 30s or 5m [allowed: a duration such as 30s "
              "or 5m]"}));

INSTANTIATE_TEST_SUITE_P(
    Refused, SettingsWrong,
    testing::Values(
        Wrong{
            "encryption:\n  enabled: true\n",
            "values.yaml:2: encryption.enabled: true is refused: ichor sends what nodes send each other in clear: use Talos' KubeSpan for "
            "WireGuard between nodes [the only value accepted is false]"},
        Wrong{"routingMode: tunnel\n",
              "values.yaml:1: routingMode: \"tunnel\" is not accepted: ichor routes natively, without encapsulation: the nodes share a "
              "network, or "
              "its routers know the pod prefixes [allowed: native]"},
        Wrong{"bpf:\n  datapathMode: netkit-l2\n",
              "values.yaml:2: bpf.datapathMode: \"netkit-l2\" is not accepted: new pods' links: veth, which auto means too, or netkit (its "
              "mode L3; netkit-l2 is not there), where the kernel has it [allowed: one of: veth, netkit, auto]"},
        Wrong{"extraConfig: {enable-foo: 'true'}\n",
              "values.yaml:1: extraConfig: {...} is refused: ichor reads Helm values only: write the key of the value itself [leave it "
              "out]"}));

INSTANTIATE_TEST_SUITE_P(
    Together, SettingsWrong,
    testing::Values(
        Wrong{"kubeProxyReplacement: 'false'\n",
              "values.yaml:1: kubeProxyReplacement: \"false\" is not accepted: ichor always serves the Services itself: take kube-proxy "
              "out of the "
              "cluster [allowed: one of: true, strict]"},
        Wrong{"ipv4:\n  enabled: false\nipv6:\n  enabled: false\n",
              "values.yaml:4: ipv6.enabled: both families are off: ipv4.enabled is false too [leave one of them on]"},
        Wrong{"MTU: 1270\nipv6: {enabled: true}\n",
              "values.yaml:1: MTU: 1270 is less than IPv6 needs on every link (RFC 8200) [write 1280 or more, or ipv6.enabled: false where "
              "pods need no IPv6]"},
        Wrong{"MTU: 575\n", "values.yaml:1: MTU: 575 is less than a host has to take (RFC 791) [allowed: 0, or 576 and more]"},
        Wrong{"k8sServicePort: 7445\n",
              "values.yaml:1: k8sServicePort: a port without a host [set k8sServiceHost too: localhost with Talos' KubePrism]"},
        Wrong{"k8sServiceHost: auto\n",
              "values.yaml:1: k8sServiceHost: auto is not possible: ichor starts before any object can be read [name the host: localhost "
              "with "
              "Talos' KubePrism]"},
        Wrong{"directRoutingSkipUnreachable: true\nautoDirectNodeRoutes: false\n",
              "values.yaml:1: directRoutingSkipUnreachable: has no meaning while autoDirectNodeRoutes is false [take one of them out]"}));

INSTANTIATE_TEST_SUITE_P(
    Text, SettingsWrong,
    testing::Values(Wrong{"ipv4:\n  enabled: true\n  enabled: true\n", "values.yaml:3: key \"enabled\" is there twice []"},
                    Wrong{"- a\n", "values.yaml:1: is no map of keys []"},
                    Wrong{"MTU: 1500\n---\nMTU: 1400\n", "values.yaml:2: a second YAML document begins here: one is read []"},
                    Wrong{"a: &a [*a]\n", "values.yaml:1: an alias stands inside the value that it names []"},
                    Wrong{"a: &a {b: c}\n<<: 3\n", "values.yaml:1: << takes a map or a list of maps []"},
                    Wrong{"MTU: \xff\n", "values.yaml: is not UTF-8 text []"}));

TEST(Settings, BrokenYamlIsAnErrorWithItsLine) {
  auto settings = from("ipv4:\n  enabled: true\n ipv6: [\n");

  ASSERT_EQ(settings.errors.size(), 1u);
  EXPECT_EQ(settings.errors[0].subject, "values.yaml:3");
  EXPECT_THAT(settings.errors[0].text, HasSubstr("is not YAML"));
}

TEST(Settings, SeveralErrorsAreAllNamed) {
  EXPECT_THAT(
      lines(from("MTU: x\nhubbel: {}\nencryption: {enabled: yes}\n")),
      ElementsAre(HasSubstr("values.yaml:1: MTU"), HasSubstr("values.yaml:2: hubbel"), HasSubstr("values.yaml:3: encryption.enabled")));
}

TEST(Settings, NothingGivenIsIchorsDefault) {
  for (const char* text : {"", "# empty\n", "{}\n", "---\n"}) {
    auto settings = from(text);
    EXPECT_THAT(lines(settings), IsEmpty()) << text;
    EXPECT_EQ(settings.config, model::Config{}) << text;
    EXPECT_THAT(settings.settings, IsEmpty()) << text;
  }
}

TEST(Settings, NullAndEmptyValuesAreIchorsDefault) {
  auto settings =
      from("routingMode: \"\"\nMTU: ~\nipv4: {enabled: null}\nhubble: null\nk8sServicePort: \"\"\nipv4NativeRoutingCIDR: \"\"\n");

  EXPECT_THAT(lines(settings), IsEmpty());
  EXPECT_EQ(settings.config, model::Config{});
}

TEST(Settings, TypesAreAsWideAsTheCharts) {
  auto settings =
      from("k8sServiceHost: localhost\nk8sServicePort: \"7445\"\nkubeProxyReplacement: \"true\"\nMTU: '1400'\nipv6: {enabled: 'false'}\n");

  EXPECT_THAT(lines(settings), IsEmpty());
  EXPECT_EQ(settings.config.k8s_service_port, 7445);
  EXPECT_EQ(settings.config.mtu, 1400u);
  EXPECT_FALSE(settings.config.ipv6);
}

TEST(Settings, DevicesAreAListOrAText) {
  EXPECT_THAT(from("devices: [eth0, enp+]\n").config.devices, ElementsAre("eth0", "enp+"));
  EXPECT_THAT(from("devices: eth0 enp+\n").config.devices, ElementsAre("eth0", "enp+"));
  EXPECT_THAT(from("devices: eth0,enp+\n").config.devices, ElementsAre("eth0", "enp+"));
}

TEST(Settings, MachineconfigFilesAreAcceptedEachAlone) {
  auto base = sources::load_settings({kBase}, {});
  auto hubble = sources::load_settings({kHubble}, {});

  EXPECT_THAT(lines(base), IsEmpty());
  EXPECT_THAT(lines(hubble), IsEmpty());
  EXPECT_EQ(hubble.config, model::Config{});
  model::Config expected;
  expected.k8s_service_host = "localhost";
  expected.k8s_service_port = 7445;
  expected.ipv4_native_routing_cidr = base::parse_cidr("10.42.0.0/16");
  EXPECT_EQ(base.config, expected);
}

TEST(Settings, MachineconfigFilesAreAcceptedOneOverTheOther) {
  auto both = sources::load_settings({kBase, kHubble}, {});

  EXPECT_THAT(lines(both), IsEmpty());
  EXPECT_EQ(both.config, sources::load_settings({kBase}, {}).config);
  ASSERT_TRUE(find(both, "loadBalancer.mode"));
  EXPECT_EQ(find(both, "loadBalancer.mode")->origin, kBase + ":11");
  EXPECT_EQ(find(both, "loadBalancer.mode")->kind, model::SettingClass::kPlanned);
  EXPECT_EQ(find(both, "hubble.metrics.enabled")->value, "[dns, tcp, flow, http, icmp, port-distribution]");
  EXPECT_EQ(find(both, "operator")->kind, model::SettingClass::kWithoutMeaning);
  EXPECT_EQ(find(both, "routingMode")->kind, model::SettingClass::kImplemented);
}

TEST(Settings, ARefusedKeyThatIsOffIsListed) {
  auto settings = from("encryption:\n  enabled: false\n  type: wireguard\nextraConfig: {}\n");

  EXPECT_THAT(lines(settings), IsEmpty());
  EXPECT_EQ(find(settings, "encryption.enabled")->note, "off, as always here");
  EXPECT_EQ(find(settings, "encryption.type")->kind, model::SettingClass::kWithoutMeaning);
}

TEST(Settings, ASecretInASubtreeIsNotListed) {
  auto settings = from("tls:\n  ca:\n    key: c2VjcmV0\n");

  ASSERT_TRUE(find(settings, "tls"));
  EXPECT_EQ(find(settings, "tls")->value, "{...}");
}

TEST(SettingsMerge, LaterFilesWinAndMapsAreMerged) {
  auto settings = parse_settings(
      {{"a", "ipv6: {enabled: false}\nMTU: 1400\ndevices: [eth0, eth1]\n"}, {"b", "ipv4: {enabled: true}\nMTU: 9000\ndevices: [eth2]\n"}},
      {});

  EXPECT_THAT(lines(settings), IsEmpty());
  EXPECT_FALSE(settings.config.ipv6);
  EXPECT_EQ(settings.config.mtu, 9000u);
  EXPECT_THAT(settings.config.devices, ElementsAre("eth2"));
  EXPECT_EQ(find(settings, "MTU")->origin, "b:2");
}

TEST(SettingsMerge, AnErrorNamesTheFileThatWon) {
  EXPECT_THAT(lines(parse_settings({{"a", "MTU: x\n"}, {"b", "\nMTU: y\n"}}, {})), ElementsAre(HasSubstr("b:2: MTU: \"y\"")));
  EXPECT_THAT(lines(parse_settings({{"a", "MTU: x\n"}, {"b", "\nMTU: 1500\n"}}, {})), IsEmpty());
}

TEST(SettingsMerge, NullGivesTheDefaultBack) {
  EXPECT_EQ(parse_settings({{"a", "MTU: 1400\nipv6: {enabled: false}\n"}, {"b", "MTU: null\nipv6: ~\n"}}, {}).config, model::Config{});
}

TEST(SettingsSet, WinsOverFiles) {
  auto settings = parse_settings({{"a", "MTU: 1400\n"}}, {"MTU=9000,devices={eth0,eth1}", "ipv6.enabled=false"});

  EXPECT_THAT(lines(settings), IsEmpty());
  EXPECT_EQ(settings.config.mtu, 9000u);
  EXPECT_FALSE(settings.config.ipv6);
  EXPECT_THAT(settings.config.devices, ElementsAre("eth0", "eth1"));
  EXPECT_EQ(find(settings, "MTU")->origin, "--set");
}

TEST(SettingsSet, NullGivesTheDefaultBack) { EXPECT_EQ(parse_settings({{"a", "MTU: 1400\n"}}, {"MTU=null"}).config, model::Config{}); }

TEST(SettingsSet, EscapesAndListsAreHelms) {
  auto settings =
      parse_settings({}, {"nodePort.range=30000\\,32767", "nodeSelector.kubernetes\\.io/os=linux", "hubble.metrics.enabled={}"});

  EXPECT_THAT(lines(settings), IsEmpty());
  EXPECT_EQ(find(settings, "nodePort.range")->value, "30000,32767");
}

TEST(Settings, NodePortsTakeARangeAndPrefixesOfBothFamilies) {
  auto settings = from("nodePort: {range: \"20000, 20100\", addresses: [192.168.0.0/16, fd00::/8]}\n");
  EXPECT_THAT(lines(settings), IsEmpty());
  EXPECT_EQ(settings.config.node_ports, (model::PortRange{20000, 20100}));
  EXPECT_THAT(base::to_strings(settings.config.node_port_addresses), ElementsAre("192.168.0.0/16", "fd00::/8"));

  EXPECT_THAT(base::to_strings(from("nodePort: {addresses: \"10.0.0.0/8 192.168.0.0/16\"}\n").config.node_port_addresses),
              ElementsAre("10.0.0.0/8", "192.168.0.0/16"));
  EXPECT_EQ(from("nodePort: {range: 1-65535}\n").config.node_ports, (model::PortRange{1, 65535}));
  EXPECT_EQ(from("nodePort: {range: null, addresses: []}\n").config, model::Config{});
}

TEST(Settings, NodePortsThatCannotBeAreErrorsThatSayWhatCan) {
  const std::pair<const char*, const char*> kCases[] = {
      {"range: \"32767,30000\"", "nodePort.range: \"32767,30000\" is not two ports such as 30000,32767"},
      {"range: \"30000,65536\"", "nodePort.range: \"30000,65536\" is not two ports such as 30000,32767"},
      {"range: \"0,32767\"", "nodePort.range: \"0,32767\" is not two ports such as 30000,32767"},
      {"range: 30000", "nodePort.range: \"30000\" is not two ports such as 30000,32767"},
      {"range: [30000, 32767]", "nodePort.range: a list is not two ports such as 30000,32767"},
      {"addresses: [192.168.0.0/33]", "nodePort.addresses: \"192.168.0.0/33\" is not a prefix"},
      {"addresses: [192.168.1.5]", "nodePort.addresses: \"192.168.1.5\" is not a prefix: 192.168.1.5/32?"},
      {"addresses: [192.168.1.5/16]", "\"192.168.1.5/16\" has bits set beyond its length: 192.168.0.0/16?"},
      {"addresses: [primary]", "nodePort.addresses: \"primary\" is not a prefix"},
      {"addresses: {a: b}", "nodePort.addresses: a map is not a list of prefixes, such as [192.168.0.0/16, fd00::/8]"},
  };
  for (const auto& [text, error] : kCases)
    EXPECT_THAT(lines(from(std::string("nodePort: {") + text + "}\n")), ElementsAre(HasSubstr(error))) << text;
}

TEST(Settings, MasqueradeIsOnUnlessAFamilyIsSwitchedOff) {
  EXPECT_TRUE(model::Config{}.ipv4_masquerade && model::Config{}.ipv6_masquerade);
  auto settings = from("bpf: {masquerade: false}\nenableIPv6Masquerade: 'false'\negressMasqueradeInterfaces: eth0 wan+\n");

  EXPECT_THAT(lines(settings), IsEmpty());
  EXPECT_TRUE(settings.config.ipv4_masquerade);
  EXPECT_FALSE(settings.config.ipv6_masquerade);
  EXPECT_THAT(settings.config.egress_masquerade_interfaces, ElementsAre("eth0", "wan+"));
}

TEST(Settings, IpMasqAgentsConfigurationIsReadEntryByEntry) {
  EXPECT_EQ(from("ipMasqAgent: {config: {}}\n").config, model::Config{});
  EXPECT_FALSE(from("ipMasqAgent: {enabled: true}\n").config.ip_masq_agent.configured);
  EXPECT_TRUE(from("ipMasqAgent: {enabled: true, config: {nonMasqueradeCIDRs: []}}\n").config.ip_masq_agent.configured);

  auto settings = from(
      "ipMasqAgent: {enabled: true, config: {nonMasqueradeCIDRs: [10.0.0.5/8, 172.16.0.0/33, 'fd00::/8', 192.168.1.1], masqLinkLocal: "
      "true, "
      "masqLinkLocalIPv6: true}}\n");
  EXPECT_THAT(lines(settings), IsEmpty());
  const auto& agent = settings.config.ip_masq_agent;
  EXPECT_TRUE(agent.enabled && agent.configured && agent.masquerades_ipv4_local && agent.masquerades_ipv6_local);
  EXPECT_THAT(base::to_strings(agent.destinations.prefixes), ElementsAre("10.0.0.0/8", "fd00::/8"));
  EXPECT_THAT(agent.destinations.unreadable, ElementsAre("172.16.0.0/33", "192.168.1.1"));
  EXPECT_THAT(lines(from("ipMasqAgent: {config: {nonMasqueradeCidrs: []}}\n")),
              ElementsAre(HasSubstr("did you mean ipMasqAgent.config.nonMasqueradeCIDRs?")));
}

TEST(SettingsSet, ErrorsNameTheKey) {
  EXPECT_THAT(lines(parse_settings({}, {"MTU"})), ElementsAre(HasSubstr("--set: \"MTU\": has no =")));
  EXPECT_THAT(lines(parse_settings({}, {"a..b=1"})), ElementsAre(HasSubstr("has a key without a name")));
  EXPECT_THAT(lines(parse_settings({}, {"devices[0]=eth0"})), ElementsAre(HasSubstr("names a place in a list")));
  EXPECT_THAT(lines(parse_settings({}, {"MTU=x"})), ElementsAre(HasSubstr("--set: MTU: \"x\"")));
}

TEST(SettingsBounds, AFileTooLargeIsRefused) {
  EXPECT_THAT(lines(from(std::string((1 << 20) + 1, '#'))), ElementsAre(HasSubstr("values.yaml: is larger than 1 MiB")));
}

TEST(SettingsBounds, DeepNestingIsRefused) {
  std::string deep = "resources: ";
  for (int i = 0; i < 64; ++i) deep += "{a: ";

  EXPECT_THAT(lines(from(deep)), ElementsAre(HasSubstr("values.yaml:1: nested deeper than 64 levels")));
}

TEST(SettingsBounds, AliasBombsAreRefused) {
  std::string bomb = "x0: &x0 [a, a, a, a, a, a, a, a, a, a]\n";
  for (int i = 1; i < 10; ++i) {
    bomb += "x" + std::to_string(i) + ": &x" + std::to_string(i) + " [";
    for (int j = 0; j < 10; ++j) bomb += (j ? ", *x" : "*x") + std::to_string(i - 1);
    bomb += "]\n";
  }

  EXPECT_THAT(lines(from(bomb)), ElementsAre(HasSubstr("anchors and aliases stand for more than 1 MiB")));
}

TEST(SettingsBounds, AliasesAreRead) {
  EXPECT_THAT(lines(from("resources: &r {limits: {cpu: 1}}\ninitResources: *r\n")), IsEmpty());
  EXPECT_EQ(from("ipv6: &off {enabled: false}\nendpointRoutes: *off\n").config.ipv6, false);
}

TEST(SettingsBounds, ValuesAreCounted) {
  std::string many = "resources: [0";
  for (int i = 0; i < 50'000; ++i) many += ",0";
  EXPECT_THAT(lines(from(many + "]\n")), ElementsAre(HasSubstr("more than 50000 values")));
}

TEST(Settings, MergeKeysAndAliasesAsKeysAreRead) {
  auto settings = from("x: &off {enabled: false}\nipv6: {<<: *off}\nM: &mtu MTU\n*mtu : 1400\n");
  EXPECT_THAT(lines(settings), ElementsAre(HasSubstr("x: unknown key"), HasSubstr("M: unknown key")));
  EXPECT_FALSE(find(settings, "ipv6.enabled")->value != "false");
  EXPECT_EQ(find(settings, "MTU")->value, "1400");
}

TEST(Settings, ASmallMtuIsFineWithoutIpv6AndWhereNobodyAskedForIt) {
  for (const char* text : {"MTU: 1270\nipv6: {enabled: false}\n", "MTU: 1270\n", "MTU: 576\n"})
    EXPECT_THAT(lines(from(text)), IsEmpty()) << text;
}

TEST(Settings, AKubernetesObjectIsNamedAsSuch) {
  EXPECT_THAT(
      lines(from("apiVersion: v1\nkind: ConfigMap\ndata: {a: b}\n")),
      ElementsAre("values.yaml:2: is a Kubernetes object (ConfigMap), not a values file [a values file has the keys of Cilium's Helm "
                  "chart at its top level]"));
  EXPECT_THAT(lines(from("kind: HelmRelease\napiVersion: helm.toolkit.fluxcd.io/v2\nspec: {values: {MTU: 1500}}\n")),
              ElementsAre("values.yaml:1: is a Kubernetes object (HelmRelease), not a values file [ichor-agent settings FILE prints the "
                          "values in it]"));
}

TEST(Settings, AdviceHelpsOrIsNone) {
  EXPECT_THAT(lines(from("bgp: {enabled: true}\n")),
              ElementsAre("values.yaml:1: bgp: unknown key [keys are those of Cilium's Helm chart]"));
  EXPECT_THAT(lines(from("enabled: true\n")), ElementsAre(HasSubstr("[keys are those of Cilium's Helm chart]")));
  EXPECT_THAT(
      lines(from("cilium: {MTU: 1500}\n")),
      ElementsAre("values.yaml:1: cilium: unknown key [write what is below it at the top level: ichor-agent settings FILE prints it "
                  "so]"));
}

TEST(SettingsBounds, AFileOfNothingButErrorsIsNotListedWhole) {
  std::string text;
  for (int i = 0; i < 5000; ++i) text += "unknown" + std::to_string(i) + ": 1\n";

  EXPECT_LE(from(text).errors.size(), 50u);
}

}  // namespace
