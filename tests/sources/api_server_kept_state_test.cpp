// The last whole state on disk: every field comes back, and nothing but a whole file is believed.
#include <gtest/gtest.h>

#include <filesystem>

#include "sources/api_server/encode.h"
#include "sources/api_server/kept_state.h"
#include "sources/decode/row_change.h"
#include "support/temporary_directory.h"

namespace sources::api_server {
namespace {

using nlohmann::json;

// One of everything that a row can hold.
const std::pair<size_t, const char*> kObjects[] = {
    {0,
     R"({"metadata":{"name":"all","namespace":"a","uid":"u","creationTimestamp":"2026-11-28T18:00:01Z","resourceVersion":"7","labels":{"x":"y"},"annotations":{"n":"m"}},
        "spec":{"type":"LoadBalancer","clusterIPs":["10.96.0.1","fd00::1"],"ipFamilies":["IPv4","IPv6"],"selector":{"app":"web"},
        "ports":[{"name":"http","port":80,"nodePort":30080,"targetPort":"web","protocol":"TCP"},{"name":"dns","port":53,"protocol":"UDP",
        "targetPort":5353}],"externalTrafficPolicy":"Local","internalTrafficPolicy":"Local","externalIPs":["203.0.113.1"],
        "publishNotReadyAddresses":true,"sessionAffinity":"ClientIP","sessionAffinityConfig":{"clientIP":{"timeoutSeconds":120}}},
        "status":{"loadBalancer":{"ingress":[{"ip":"203.0.113.9"},{"ip":"2001:db8::9"}]}}})"},
    {0, R"({"metadata":{"name":"headless"},"spec":{"clusterIP":"None","ipFamilies":["IPv6"],"ports":[{"port":1,"protocol":"SCTP"}]}})"},
    {0, R"({"metadata":{"name":"one"},"spec":{"clusterIP":"10.96.0.2","ports":[{"port":1}]}})"},
    {0, R"({"metadata":{"name":"named"},"spec":{"type":"ExternalName","externalName":"example.com"}})"},
    {1, R"({"metadata":{"name":"s","namespace":"a","labels":{"kubernetes.io/service-name":"all"}},"addressType":"IPv6",
        "ports":[{"name":"http","port":8080},{"port":53,"protocol":"UDP"}],"endpoints":[{"addresses":["fd00::7"],"nodeName":"n1","zone":"z",
        "conditions":{"ready":false,"serving":true,"terminating":true},"targetRef":{"kind":"Pod","namespace":"b","name":"p"},
        "hints":{"forZones":[{"name":"z1"},{"name":"z2"}],"forNodes":[{"name":"n1"}]}},{"addresses":["fd00::8"]}]})"},
    {2, R"({"metadata":{"name":"n1","deletionTimestamp":"2026-01-01T00:00:00Z"},"spec":{"podCIDRs":["10.1.0.0/24","fd00:1::/64"],
        "taints":[{"key":"k"}]},"status":{"addresses":[{"type":"InternalIP","address":"192.0.2.1"},{"type":"ExternalIP",
        "address":"203.0.113.3"},{"type":"InternalIP","address":"2001:db8::1"},{"type":"Hostname","address":"n1"}],
        "conditions":[{"type":"Ready","status":"True"}]}})"},
    {3, R"({"metadata":{"name":"p","namespace":"b"},"spec":{"nodeName":"n1","hostNetwork":true},"status":{"phase":"Running",
        "podIPs":[{"ip":"10.1.0.7"},{"ip":"fd00:1::7"}]}})"},
    {4, R"({"metadata":{"name":"b","labels":{"kubernetes.io/metadata.name":"b"}}})"},
};

KeptState a_state() {
  KeptState state{"n1", 1'700'000'000, {}};
  for (const auto& [kind, text] : kObjects) {
    auto row = decode::decode_object(kind, json::parse(text), "");
    EXPECT_TRUE(row.ok()) << (row.ok() ? "" : row.error().text);
    if (row.ok()) state.rows[kind] = state.rows[kind].set(decode::meta_of(*row->row).key(), *row->row);
  }
  return state;
}

std::string text_of(const KeptState& state) {
  std::string text;
  EXPECT_TRUE(
      write_kept_state(state, [&](std::string_view line) -> base::Result<void> { return text += line, base::Result<void>(); }).ok());
  return text;
}

base::Result<KeptState> read(std::string_view text, size_t cut = std::string::npos) {
  KeptStateReader reader;
  TRY(reader.feed(text.substr(0, cut)));
  if (cut < text.size()) TRY(reader.feed(text.substr(cut)));
  return reader.finish();
}

TEST(ApiServerKeptState, EveryFieldOfEveryRowComesBack) {
  KeptState state = a_state();

  auto back = read(text_of(state));

  ASSERT_TRUE(back.ok()) << back.error().text;
  EXPECT_EQ(back->node_name, "n1");
  EXPECT_EQ(back->written, 1'700'000'000);
  for (size_t kind = 0; kind < decode::kKindCount; ++kind) {
    EXPECT_EQ(back->rows[kind].size(), state.rows[kind].size()) << decode::kind_name(kind);
    for (const auto& [key, row] : state.rows[kind]) {
      ASSERT_TRUE(back->rows[kind].find(key)) << key;
      EXPECT_TRUE(decode::same(*back->rows[kind].find(key), row)) << encode_row(row).dump(1);
    }
  }
}

TEST(ApiServerKeptState, AFileThatIsCutAnywhereIsRefused) {
  std::string text = text_of(a_state());
  for (size_t length = 0; length < text.size(); ++length) EXPECT_FALSE(read(text.substr(0, length)).ok()) << length;
}

TEST(ApiServerKeptState, PiecesMayEndAnywhere) {
  std::string text = text_of(a_state());
  for (size_t cut = 0; cut < text.size(); cut += 7) EXPECT_TRUE(read(text, cut).ok()) << cut;
}

TEST(ApiServerKeptState, AChangedByteIsRefused) {
  std::string text = text_of(a_state());
  for (size_t at = 0; at < text.size(); at += 3) {
    std::string changed = text;
    changed[at] = changed[at] == '1' ? '2' : '1';
    EXPECT_FALSE(read(changed).ok()) << at;
  }
}

TEST(ApiServerKeptState, ANewerVersionIsNamed) {
  std::string text = text_of(a_state());
  text.replace(text.find("\"version\":1"), 11, "\"version\":2");

  auto state = read(text);

  ASSERT_FALSE(state.ok());
  EXPECT_EQ(state.error().text, "has version 2, and this agent reads version 1");
}

TEST(ApiServerKeptState, TheFileIsReplacedWholeOrNotAtAll) {
  support::TemporaryDirectory directory;
  std::string path = directory.path() + "/deeper/objects";
  EXPECT_EQ(load_kept_state(path).error().code, ENOENT);
  ASSERT_TRUE(save_kept_state(path, a_state()).ok());
  EXPECT_TRUE(load_kept_state(path).ok());

  std::filesystem::create_directory(directory.path() + "/deeper/.objects.new");
  EXPECT_FALSE(save_kept_state(path, {}).ok());
  EXPECT_EQ(load_kept_state(path)->rows[0].size(), 4U) << "the old one is still there";
}

}  // namespace
}  // namespace sources::api_server
