// YAML by yaml-cpp's events: no node graph is built, and aliases are paid for before they are copied.
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/yaml.h>

#include <map>
#include <sstream>

#include "base/text.h"
#include "sources/decode/text.h"
#include "sources/decode/tree_builder.h"
#include "sources/decode/utf8.h"
#include "sources/decode/yaml_scalar.h"

namespace sources::decode {
namespace {

using nlohmann::json;

struct Refusal {
  int line;  // from 0, in the chunk
  std::string why;
};

size_t copy_cost(const json& value) {
  size_t cost = 48;  // a map's node with its key's header, roughly
  if (value.is_string()) cost += value.get_ref<const std::string&>().size();
  if (value.is_array())
    for (const auto& element : value) cost += copy_cost(element);
  if (value.is_object())
    for (const auto& [name, member] : value.items()) cost += name.size() + copy_cost(member);
  return cost;
}

class YamlEvents : public YAML::EventHandler {
 public:
  explicit YamlEvents(Budget& budget) : tree(budget), budget_(budget) {}

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    if (tree.wants_key()) throw Refusal{mark.line, "a key is empty"};
    accept(mark, tree.add(nullptr));
    keep(mark, anchor, nullptr);
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    auto kept = kept_.find(anchor);
    if (kept == kept_.end()) throw Refusal{mark.line, "an alias stands inside the value that it names"};
    if (tree.wants_key()) throw Refusal{mark.line, "an alias cannot be a key"};
    pay(mark, kept->second);
    accept(mark, tree.add(kept->second));
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor, const std::string& text) override {
    if (tree.wants_key()) {
      if (text == "<<" && tag == "?") maps_.back().merges = true;
      accept(mark, tree.key(text));
      return;
    }
    auto value = typed_scalar(tag, text);
    if (!value.ok()) throw Refusal{mark.line, value.error().text};
    keep(mark, anchor, *value);
    accept(mark, tree.add(std::move(*value)));
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor, YAML::EmitterStyle::value) override {
    open(mark, anchor, json::array());
  }
  void OnMapStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor, YAML::EmitterStyle::value) override {
    open(mark, anchor, json::object());
  }
  void OnSequenceEnd() override { close(); }
  void OnMapEnd() override { close(); }

  TreeBuilder tree;

 private:
  struct Open {
    YAML::Mark mark;
    YAML::anchor_t anchor;
    bool merges = false;  // has the key <<
  };

  void accept(const YAML::Mark& mark, bool accepted) {
    if (!accepted) throw Refusal{mark.line, tree.refusal()};
  }
  void pay(const YAML::Mark& mark, const json& copied) {
    size_t cost = copy_cost(copied);
    if (cost > budget_.alias_bytes) throw Refusal{mark.line, "anchors and aliases stand for more than 16 MiB"};
    budget_.alias_bytes -= cost;
  }
  void keep(const YAML::Mark& mark, YAML::anchor_t anchor, const json& value) {
    if (anchor == YAML::NullAnchor) return;
    pay(mark, value);
    kept_[anchor] = value;
  }
  void open(const YAML::Mark& mark, YAML::anchor_t anchor, json empty) {
    if (tree.wants_key()) throw Refusal{mark.line, "a list or a map cannot be a key"};
    accept(mark, tree.open(std::move(empty)));
    maps_.push_back({mark, anchor});
  }
  void close() {
    Open closed = maps_.back();
    maps_.pop_back();
    json& complete = tree.close();
    if (closed.merges) merge(closed.mark, complete);
    keep(closed.mark, closed.anchor, complete);
  }
  // YAML 1.1's merge key, which kubectl knows: what the map says itself goes first, then earlier maps of the list.
  void merge(const YAML::Mark& mark, json& into) {
    json merged = std::move(into["<<"]);
    into.erase("<<");
    if (merged.is_object()) merged = json::array({std::move(merged)});
    for (auto& from : merged) {
      if (!from.is_object()) throw Refusal{mark.line, "<< takes a map or a list of maps"};
      into.get_ref<json::object_t&>().merge(from.get_ref<json::object_t&>());
    }
  }

  Budget& budget_;
  std::vector<Open> maps_;  // and lists
  std::map<YAML::anchor_t, json> kept_;
};

struct Chunk {
  std::string_view text;
  int line = 0;  // of the file, from 0
};

bool starts_document(std::string_view line) {
  return line.starts_with("---") && (line.size() == 3 || line[3] == ' ' || line[3] == '\t' || line[3] == '\r');
}
bool has_content(std::string_view line) {
  line = base::trim(starts_document(line) ? line.substr(3) : line);
  return !line.empty() && line[0] != '#' && line[0] != '%' && line != "...";
}

// A line that starts with --- cannot be part of a scalar (YAML 1.2.2 section 9.1.2), so documents can be told apart before parsing.
std::vector<Chunk> split_documents(std::string_view text) {
  std::vector<Chunk> chunks;
  size_t from = 0;
  int from_line = 0;
  bool started = false, content = false;
  size_t position = 0;
  for (int line_number = 0; position < text.size(); ++line_number) {
    size_t end = std::min(text.find('\n', position), text.size());
    auto line = text.substr(position, end - position);
    bool starts = starts_document(line);
    if (starts && content) chunks.push_back({text.substr(from, position - from), from_line});
    if (starts && (started || content)) from = position, from_line = line_number, content = false;
    started |= starts;
    content |= has_content(line);
    position = end + 1;
  }
  if (content) chunks.push_back({text.substr(from), from_line});
  return chunks;
}

Document parse_chunk(const Chunk& chunk, Budget& budget) {
  auto refused = [&](int line, const std::string& why) {
    return base::Error{EINVAL, "line " + std::to_string(chunk.line + line + 1) + ": " + why};
  };
  try {
    std::istringstream stream{std::string(chunk.text)};
    YAML::Parser parser(stream);
    YamlEvents events(budget);
    if (!parser.HandleNextDocument(events)) return json(nullptr);
    YamlEvents rest(budget);
    if (parser.HandleNextDocument(rest) && !rest.tree.take().is_null()) return refused(0, "start each document with a line of ---");
    return events.tree.take();
  } catch (const Refusal& refusal) {
    return refused(refusal.line, refusal.why);
  } catch (const YAML::Exception& exception) {
    return refused(exception.mark.line, exception.msg);
  } catch (const std::exception& exception) {
    return refused(0, exception.what());
  }
}

}  // namespace

std::vector<Document> parse_yaml(std::string_view text) {
  std::vector<Document> documents;
  if (text.size() > kMaxTextBytes) return {base::Error{EFBIG, "larger than 16 MiB"}};
  if (!is_utf8(text)) return {base::Error{EINVAL, "is not UTF-8 text"}};
  auto chunks = split_documents(text);
  if (chunks.size() > kMaxObjects) return {base::Error{EFBIG, "more than " + std::to_string(kMaxObjects) + " documents"}};
  Budget budget;
  for (const auto& chunk : chunks) {
    auto document = parse_chunk(chunk, budget);
    if (!document.ok() || !document->is_null()) documents.push_back(std::move(document));
  }
  return documents;
}

}  // namespace sources::decode
