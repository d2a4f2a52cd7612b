// YAML by yaml-cpp's events: each key keeps its line, nothing is built that the budget has not paid for, and aliases cannot multiply.
#include "sources/settings/yaml.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/yaml.h>

#include <map>
#include <optional>
#include <set>
#include <sstream>

#include "sources/decode/utf8.h"
#include "sources/decode/yaml_scalar.h"

namespace sources::settings {
namespace {

constexpr size_t kMaxDepth = 64;
constexpr size_t kMaxCost = 50'000;  // the chart's own file costs 3,000

struct Refusal {
  int line;  // from 0, as yaml-cpp counts
  std::string why;
};

size_t cost(const Value& value) {
  size_t sum = 1 + value.text.size() / 32;
  for (const auto& item : value.items) sum += cost(item);
  for (const auto& entry : value.entries) sum += 1 + entry.key.size() / 32 + cost(entry.value);
  return sum;
}

class ValueBuilder : public YAML::EventHandler {
 public:
  explicit ValueBuilder(const std::string& file) : file_(std::make_shared<const std::string>(file)) {}

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    if (wants_key()) throw Refusal{mark.line, "a key is empty"};
    add(mark, anchor, {});
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor, const std::string& text) override {
    if (wants_key()) return open_key(mark, text);
    auto typed = decode::typed_scalar(tag, text);
    if (!typed.ok()) throw Refusal{mark.line, typed.error().text};
    Value value;
    if (!typed->is_null()) value.kind = Value::Kind::kScalar, value.text = text;
    add(mark, anchor, std::move(value));
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    if (wants_key()) throw Refusal{mark.line, "an alias cannot be a key"};
    auto named = anchored_.find(anchor);
    if (named == anchored_.end()) throw Refusal{mark.line, "an alias stands inside the value that it names"};
    add(mark, YAML::NullAnchor, copy(mark, named->second));
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor, YAML::EmitterStyle::value) override {
    open(mark, anchor, Value::Kind::kList);
  }
  void OnMapStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor, YAML::EmitterStyle::value) override {
    open(mark, anchor, Value::Kind::kMap);
  }
  void OnSequenceEnd() override { close(); }
  void OnMapEnd() override { close(); }

  Value take() { return std::move(root_); }

 private:
  struct Open {
    YAML::Mark mark;
    YAML::anchor_t anchor;
    Value value;
    std::set<std::string> keys;
    bool key_read = false;  // the last entry waits for its value
  };

  bool wants_key() const { return !open_.empty() && open_.back().value.kind == Value::Kind::kMap && !open_.back().key_read; }

  void open_key(const YAML::Mark& mark, const std::string& key) {
    pay(mark, 1 + key.size() / 32);
    if (key == "<<") throw Refusal{mark.line, "the merge key << is not read here: write its keys out"};
    if (!open_.back().keys.insert(key).second) throw Refusal{mark.line, "key " + shown(key) + " is there twice"};
    open_.back().value.entries.push_back({key, {file_, mark.line + 1}, {}});
    open_.back().key_read = true;
  }

  void open(const YAML::Mark& mark, YAML::anchor_t anchor, Value::Kind kind) {
    if (wants_key()) throw Refusal{mark.line, "a list or a map cannot be a key"};
    if (open_.size() == kMaxDepth) throw Refusal{mark.line, "nested deeper than " + std::to_string(kMaxDepth) + " levels"};
    Value value;
    value.kind = kind;
    open_.push_back({mark, anchor, std::move(value), {}, false});
  }
  void close() {
    Open closed = std::move(open_.back());
    open_.pop_back();
    add(closed.mark, closed.anchor, std::move(closed.value));
  }

  void add(const YAML::Mark& mark, YAML::anchor_t anchor, Value value) {
    if (value.kind == Value::Kind::kScalar || value.kind == Value::Kind::kNull) pay(mark, cost(value));
    if (anchor != YAML::NullAnchor) anchored_[anchor] = copy(mark, value);
    if (open_.empty()) {
      root_ = std::move(value);
    } else if (open_.back().value.kind == Value::Kind::kList) {
      open_.back().value.items.push_back(std::move(value));
    } else {
      open_.back().value.entries.back().value = std::move(value);
      open_.back().key_read = false;
    }
  }
  Value copy(const YAML::Mark& mark, const Value& value) {
    pay(mark, cost(value));
    return value;
  }
  void pay(const YAML::Mark& mark, size_t price) {
    if (price > budget_) throw Refusal{mark.line, "more values than a values file can need, anchors and aliases counted"};
    budget_ -= price;
  }

  std::shared_ptr<const std::string> file_;
  Value root_;
  std::vector<Open> open_;
  std::map<YAML::anchor_t, Value> anchored_;
  size_t budget_ = kMaxCost;
};

Value parse(const NamedText& file) {
  std::istringstream stream(file.text);
  YAML::Parser parser(stream);
  ValueBuilder builder(file.name);
  if (!parser.HandleNextDocument(builder)) return {};
  Value root = builder.take();
  ValueBuilder rest(file.name);
  if (parser.HandleNextDocument(rest) && rest.take().kind != Value::Kind::kNull)
    throw Refusal{0, "holds several YAML documents: one is read"};
  if (root.kind != Value::Kind::kMap && root.kind != Value::Kind::kNull) throw Refusal{0, "is no map of keys"};
  return root;
}

}  // namespace

std::variant<Value, model::Problem> read_values(const NamedText& file) {
  auto wrong = [&](int line, const std::string& why) { return model::Problem{file.name + ":" + std::to_string(line + 1), why, ""}; };
  if (file.text.size() > kMaxFileBytes) return model::Problem{file.name, "is larger than 1 MiB", "a values file holds settings only"};
  if (!decode::is_utf8(file.text)) return model::Problem{file.name, "is not UTF-8 text", ""};
  try {
    return parse(file);
  } catch (const Refusal& refusal) {
    return wrong(refusal.line, refusal.why);
  } catch (const YAML::Exception& exception) {
    return wrong(exception.mark.line, "is not YAML: " + exception.msg);
  } catch (const std::exception& exception) {
    return wrong(0, exception.what());
  }
}

}  // namespace sources::settings
