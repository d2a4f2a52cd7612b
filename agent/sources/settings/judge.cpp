#include "sources/settings/judge.h"

#include <map>

#include "base/text.h"
#include "sources/settings/keys.h"

namespace sources::settings {
namespace {

constexpr size_t kMaxErrors = 50;  // a file of another kind has nothing but errors

struct Judgement {
  model::Config config;
  std::map<std::string, Mark, std::less<>> marks;  // of implemented keys, for what several keys say together
  Settings& result;

  void wrong(const Mark& mark, const std::string& path, const std::string& why, std::string remedy) {
    if (result.errors.size() < kMaxErrors) result.errors.push_back({to_string(mark), path + ": " + why, std::move(remedy)});
  }
};

std::string printable_path(const std::string& path, const std::string& key) {
  std::string shown_key = shown(key);
  return (path.empty() ? "" : path + ".") + shown_key.substr(1, shown_key.size() - 2);
}

std::string known_instead(const std::string& path, const std::string& key) {
  if (key.size() > 64) return "";
  auto siblings = keys_below(path);
  if (auto near = base::nearest(key, siblings); !near.empty())
    return "did you mean " + (path.empty() ? "" : path + ".") + std::string(near) + "?";
  if (auto elsewhere = keys_called(key); !elsewhere.empty()) return "did you mean " + std::string(elsewhere.front()) + "?";
  if (path.empty() || siblings.size() > 12) return "keys are those of Cilium's Helm chart";
  std::vector<std::string> names(siblings.begin(), siblings.end());
  return "allowed: " + base::join(names, ", ");
}

model::SettingClass setting_class(KeyClass kind) {
  if (kind == KeyClass::kImplemented) return model::SettingClass::kImplemented;
  return kind == KeyClass::kPlanned ? model::SettingClass::kPlanned : model::SettingClass::kWithoutMeaning;
}

void list(Judgement& judgement, const Key& key, const std::string& path, const Entry& entry) {
  std::string note = key.kind == KeyClass::kRefused ? "off, as always here" : std::string(key.note);
  judgement.result.settings.push_back({path, summary(entry.value), to_string(entry.mark), setting_class(key.kind), std::move(note)});
}

bool is_off(const Key& key, const Value& value) {
  if (value.kind == Value::Kind::kScalar) return accept(key.shape, value).ok();
  return value.items.empty() && value.entries.empty();
}

void judge_value(Judgement& judgement, const Key& key, const std::string& path, const Entry& entry) {
  if (entry.value.is_empty()) return;
  if (key.kind == KeyClass::kRefused) {
    if (is_off(key, entry.value)) return list(judgement, key, path, entry);
    std::string off = key.shape.choices.empty() ? "leave it out" : "the only value accepted is " + std::string(key.shape.choices);
    return judgement.wrong(entry.mark, path, summary(entry.value) + " is refused: " + std::string(key.note), off);
  }
  if (key.kind == KeyClass::kImplemented || key.assign) judgement.marks[path] = entry.mark;
  auto accepted = accept(key.shape, entry.value);
  if (!accepted.ok()) {
    bool choice = key.shape.kind == ShapeKind::kChoice;
    std::string why = choice ? shown(summary(entry.value)) + " is not accepted: " + std::string(key.note) : accepted.error().text;
    return judgement.wrong(entry.mark, path, why, "allowed: " + allowed(key.shape));
  }
  if (key.assign) key.assign(judgement.config, *accepted);
  list(judgement, key, path, entry);
}

void judge_map(Judgement& judgement, const Value& map, const std::string& path);

void judge_entry(Judgement& judgement, const std::string& parent, const Entry& entry) {
  std::string path = printable_path(parent, entry.key);
  bool covered = !parent.empty() && covering_key(parent + ".any");
  if (entry.key.find('.') != std::string::npos && !covered)
    return judgement.wrong(entry.mark, path, "a key within a key", "write one map within the other instead of a dot");
  if (const Key* key = exact_key(path)) return judge_value(judgement, *key, path, entry);
  if (!has_keys_below(path)) {
    if (const Key* key = covering_key(path)) return judge_value(judgement, *key, path, entry);
    return judgement.wrong(entry.mark, path, "unknown key", known_instead(parent, entry.key));
  }
  if (entry.value.is_empty()) return;
  if (entry.value.kind != Value::Kind::kMap) {
    auto names = keys_below(path);
    std::string example = names.empty() ? "" : "such as " + path + "." + std::string(names.front());
    return judgement.wrong(entry.mark, path, summary(entry.value) + " is not a map of keys", example);
  }
  if (is_one_row(path) && exact_key(path + ".*")->kind != KeyClass::kRefused) return list(judgement, *exact_key(path + ".*"), path, entry);
  judge_map(judgement, entry.value, path);
}

void judge_map(Judgement& judgement, const Value& map, const std::string& path) {
  for (const auto& entry : map.entries)
    if (judgement.result.errors.size() < kMaxErrors) judge_entry(judgement, path, entry);
}

// What no key says alone.
void judge_together(Judgement& judgement) {
  const auto& config = judgement.config;
  auto mark = [&](std::string_view path) { return judgement.marks.find(path)->second; };
  auto given = [&](std::string_view path) { return judgement.marks.contains(path); };
  if (!config.ipv4 && !config.ipv6)
    judgement.wrong(mark("ipv6.enabled"), "ipv6.enabled", "both families are off: ipv4.enabled is false too", "leave one of them on");
  if (config.mtu != 0 && config.mtu < 1280)
    judgement.wrong(mark("MTU"), "MTU", std::to_string(config.mtu) + " is less than IPv6 needs on every link (RFC 8200)",
                    "allowed: 0, or 1280 and more");
  if (config.direct_routing_skip_unreachable && !config.auto_direct_node_routes)
    judgement.wrong(mark("directRoutingSkipUnreachable"), "directRoutingSkipUnreachable",
                    "has no meaning while autoDirectNodeRoutes is false", "take one of them out");
  if (given("k8sServicePort") && !given("k8sServiceHost"))
    judgement.wrong(mark("k8sServicePort"), "k8sServicePort", "a port without a host",
                    "set k8sServiceHost too: localhost with Talos' KubePrism");
  if (config.k8s_service_host == "auto")
    judgement.wrong(mark("k8sServiceHost"), "k8sServiceHost", "auto is not possible: ichor starts before any object can be read",
                    "name the host: localhost with Talos' KubePrism");
}

}  // namespace

void judge(const Value& values, Settings& result) {
  Judgement judgement{{}, {}, result};
  judge_map(judgement, values, "");
  judge_together(judgement);
  if (result.errors.empty()) result.config = std::move(judgement.config);
}

}  // namespace sources::settings
