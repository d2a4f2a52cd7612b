#include "sources/settings/judge.h"

#include <algorithm>
#include <map>

#include "base/text.h"
#include "sources/settings/keys.h"

namespace sources::settings {
namespace {

constexpr uint32_t kMinMtu4 = 576, kMinMtu6 = 1280;  // bytes

struct Judging {
  Judgement judgement;
  std::map<std::string, Mark, std::less<>> marks;  // of implemented keys, for what several keys say together

  void wrong(const Mark& mark, const std::string& path, std::string why, std::string remedy) {
    judgement.faults.push_back({mark, path, std::move(why), std::move(remedy)});
  }
};

std::string printable_path(const std::string& path, const std::string& key) {
  std::string shown_key = shown(key);
  return (path.empty() ? "" : path + ".") + shown_key.substr(1, shown_key.size() - 2);
}

constexpr size_t kAdvised = 50;  // faults: who has more looks at the first ones, and to look for words that are near takes time

// Advice that helps, or none.
std::string known_instead(const std::string& path, const Entry& entry) {
  if (path.empty() && entry.value.kind == Value::Kind::kMap && known_keys(entry.value) > 0 && entry.key == "cilium")
    return "write what is below it at the top level: ichor-agent settings FILE prints it so";
  if (entry.key.size() > 64) return "";
  auto siblings = keys_below(path);
  if (auto near = base::nearest(entry.key, siblings); !near.empty())
    return "did you mean " + (path.empty() ? "" : path + ".") + std::string(near) + "?";
  if (auto elsewhere = keys_called(entry.key); elsewhere.size() == 1) return "did you mean " + std::string(elsewhere.front()) + "?";
  if (path.empty() || siblings.size() > 12) return "keys are those of Cilium's Helm chart";
  std::vector<std::string> names(siblings.begin(), siblings.end());
  return "allowed: " + base::join(names, ", ");
}

model::SettingClass setting_class(KeyClass kind) {
  if (kind == KeyClass::kImplemented) return model::SettingClass::kImplemented;
  return kind == KeyClass::kPlanned ? model::SettingClass::kPlanned : model::SettingClass::kWithoutMeaning;
}

void list(Judging& judging, const Key& key, const std::string& path, const Entry& entry) {
  std::string note = key.kind == KeyClass::kRefused ? "off, as always here" : std::string(key.note);
  model::Setting setting{path, summary(entry.value), to_string(entry.mark), setting_class(key.kind), std::move(note)};
  judging.judgement.accepted.push_back({std::move(setting), &entry.value, entry.mark});
}

bool is_off(const Key& key, const Value& value) {
  if (value.kind == Value::Kind::kScalar) return accept(key.shape, value).ok();
  return value.items.empty() && value.entries.empty();
}

// The chart's ways to say so. An address without text means nowhere.
bool is_not_set(const Key& key, const Value& value) {
  return key.shape.kind == ShapeKind::kListenAddress ? value.kind == Value::Kind::kNull : value.is_empty();
}

void judge_value(Judging& judging, const Key& key, const std::string& path, const Entry& entry) {
  if (is_not_set(key, entry.value)) return;
  if (key.kind == KeyClass::kRefused) {
    if (is_off(key, entry.value)) return list(judging, key, path, entry);
    std::string off = key.shape.choices.empty() ? "leave it out" : "the only value accepted is " + std::string(key.shape.choices);
    return judging.wrong(entry.mark, path, summary(entry.value) + " is refused: " + std::string(key.note), off);
  }
  if (key.kind == KeyClass::kImplemented || key.assign) judging.marks[path] = entry.mark;
  auto accepted = accept(key.shape, entry.value);
  if (!accepted.ok()) {
    bool choice = key.shape.kind == ShapeKind::kChoice;
    std::string why = choice ? shown(summary(entry.value)) + " is not accepted: " + std::string(key.note) : accepted.error().text;
    return judging.wrong(entry.mark, path, why, "allowed: " + allowed(key.shape));
  }
  if (key.assign) key.assign(judging.judgement.config, *accepted);
  list(judging, key, path, entry);
}

void judge_map(Judging& judging, const Value& map, const std::string& path);

void judge_entry(Judging& judging, const std::string& parent, const Entry& entry) {
  std::string path = printable_path(parent, entry.key);
  bool covered = !parent.empty() && covering_key(parent + ".any");
  if (entry.key.find('.') != std::string::npos && !covered)
    return judging.wrong(entry.mark, path, "a key within a key", "write one map within the other instead of a dot");
  if (const Key* key = exact_key(path)) return judge_value(judging, *key, path, entry);
  if (!has_keys_below(path)) {
    if (const Key* key = covering_key(path)) return judge_value(judging, *key, path, entry);
    const bool advise = judging.judgement.faults.size() < kAdvised;
    return judging.wrong(entry.mark, path, "unknown key", advise ? known_instead(parent, entry) : "");
  }
  if (entry.value.is_empty()) return;
  if (entry.value.kind != Value::Kind::kMap) {
    auto names = keys_below(path);
    const bool switches = std::find(names.begin(), names.end(), "enabled") != names.end();
    std::string example = switches ? "write " + path + ".enabled" : "";
    return judging.wrong(entry.mark, path, summary(entry.value) + " is not a map of keys", example);
  }
  if (is_one_row(path) && exact_key(path + ".*")->kind != KeyClass::kRefused) return list(judging, *exact_key(path + ".*"), path, entry);
  judge_map(judging, entry.value, path);
}

void judge_map(Judging& judging, const Value& map, const std::string& path) {
  for (const auto& entry : map.entries) judge_entry(judging, path, entry);
}

// Where the values do not say whether there is IPv6, the Node's pod prefixes do: see plan::own_pod_cidrs().
void judge_mtu(Judging& judging, const Mark& mark, bool with_ipv6) {
  const uint32_t mtu = judging.judgement.config.mtu;
  const std::string bytes = std::to_string(mtu);
  if (mtu == 0) return;
  if (mtu < kMinMtu4)
    judging.wrong(mark, "MTU", bytes + " is less than a host has to take (RFC 791)", "allowed: 0, or 576 and more");
  else if (with_ipv6 && mtu < kMinMtu6)
    judging.wrong(mark, "MTU", bytes + " is less than IPv6 needs on every link (RFC 8200)",
                  "write 1280 or more, or ipv6.enabled: false where pods need no IPv6");
}

// What no key says alone.
void judge_together(Judging& judging) {
  const auto& config = judging.judgement.config;
  auto mark = [&](std::string_view path) {
    auto found = judging.marks.find(path);
    return found == judging.marks.end() ? Mark() : found->second;
  };
  auto given = [&](std::string_view path) { return judging.marks.contains(path); };
  if (!config.ipv4 && !config.ipv6)
    judging.wrong(mark("ipv6.enabled"), "ipv6.enabled", "both families are off: ipv4.enabled is false too", "leave one of them on");
  judge_mtu(judging, mark("MTU"), given("ipv6.enabled") && config.ipv6);
  if (config.direct_routing_skip_unreachable && !config.auto_direct_node_routes)
    judging.wrong(mark("directRoutingSkipUnreachable"), "directRoutingSkipUnreachable",
                  "has no meaning while autoDirectNodeRoutes is false", "take one of them out");
  if (given("k8sServicePort") && !given("k8sServiceHost"))
    judging.wrong(mark("k8sServicePort"), "k8sServicePort", "a port without a host",
                  "set k8sServiceHost too: localhost with Talos' KubePrism");
  if (config.k8s_service_host == "auto")
    judging.wrong(mark("k8sServiceHost"), "k8sServiceHost", "auto is not possible: ichor starts before any object can be read",
                  "name the host: localhost with Talos' KubePrism");
}

}  // namespace

model::Problem to_problem(const Fault& fault) { return {to_string(fault.mark), fault.path + ": " + fault.why, fault.remedy}; }

Judgement judge(const Value& values) {
  Judging judging;
  judge_map(judging, values, "");
  judge_together(judging);
  return std::move(judging.judgement);
}

size_t known_keys(const Value& map) {
  return static_cast<size_t>(std::count_if(map.entries.begin(), map.entries.end(),
                                           [](const Entry& entry) { return exact_key(entry.key) || has_keys_below(entry.key); }));
}

std::optional<ObjectKind> object_kind(const Value& map) {
  const Entry* kind = nullptr;
  bool versioned = false;
  for (const auto& entry : map.entries) {
    if (entry.value.kind != Value::Kind::kScalar) continue;
    if (entry.key == "kind") kind = &entry;
    versioned |= entry.key == "apiVersion";
  }
  if (!kind || !versioned) return std::nullopt;
  return ObjectKind{base::printable(kind->value.text, 64), kind->mark};
}

}  // namespace sources::settings
