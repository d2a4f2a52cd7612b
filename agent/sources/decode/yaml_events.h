// The one reader of YAML, for objects and values files alike: yaml-cpp's events into a tree of any make (tree_builder.h), as kubectl and
// Helm read it. Anchors and aliases, also as keys, and YAML 1.1's merge key are resolved; no node graph is built, and what an alias
// copies is paid for before it is copied. A key that is there twice is refused, as by kustomize and Flux: which one was meant?
#pragma once

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/yaml.h>

#include <map>
#include <sstream>
#include <variant>

#include "sources/decode/tree_builder.h"
#include "sources/decode/yaml_scalar.h"

namespace sources::decode {

struct YamlRefusal {
  int line = 0;  // from 0, in the text
  std::string why;
  bool is_syntax = false;  // it is no YAML at all
};

template <class Tree>
class YamlEvents : public YAML::EventHandler {
 public:
  using Value = typename Tree::Value;

  YamlEvents(Budget& budget, Tree tree) : builder_(budget, std::move(tree)), budget_(budget) {}
  Value take() { return builder_.take(); }

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override { OnScalar(mark, "?", anchor, ""); }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    auto named = anchors_.find(anchor);
    if (named == anchors_.end()) throw YamlRefusal{mark.line, "an alias stands inside the value that it names"};
    if (builder_.wants_key()) {
      if (!named->second.is_scalar) throw YamlRefusal{mark.line, kContainerAsKey};
      return key(mark, named->second.text);
    }
    pay(mark, named->second.value);
    accept(mark, builder_.add(named->second.value));
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor, const std::string& text) override {
    const bool is_key = builder_.wants_key();
    if (!is_key || anchor != YAML::NullAnchor) {
      auto typed = typed_scalar(tag, text);
      if (!typed.ok()) throw YamlRefusal{mark.line, typed.error().text};
      Value value = Tree::scalar(std::move(*typed), text);
      keep(mark, anchor, value, &text);
      if (!is_key) return accept(mark, builder_.add(std::move(value)));
    }
    if (text.empty() && tag == "?") throw YamlRefusal{mark.line, "a key is empty"};
    if (text == "<<" && tag == "?") return next_merge(mark);
    key(mark, text);
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor, YAML::EmitterStyle::value) override {
    open(mark, anchor, Tree::empty_list());
  }
  void OnMapStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor, YAML::EmitterStyle::value) override {
    open(mark, anchor, Tree::empty_map());
  }
  void OnSequenceEnd() override { close(); }
  void OnMapEnd() override { close(); }

 private:
  static constexpr size_t kMaxMerges = 64;  // of one map: each looks at all its keys
  static constexpr const char* kContainerAsKey = "a list or a map cannot be a key";

  struct Anchor {
    Value value;
    std::string text;
    bool is_scalar = false;
  };
  struct Open {
    YAML::Mark mark;
    YAML::anchor_t anchor;
    size_t merges = 0;  // how many merge keys it has
  };

  // No text can spell it, so that "<<" in quotes is a key like any other.
  static std::string merge_key(size_t number) { return "<<" + std::string(number, '\0'); }

  void accept(const YAML::Mark& mark, bool accepted) {
    if (!accepted) throw YamlRefusal{mark.line, builder_.refusal()};
  }
  void next_merge(const YAML::Mark& mark) {
    if (open_.back().merges == kMaxMerges) throw YamlRefusal{mark.line, "a map with more than 64 merge keys"};
    key(mark, merge_key(++open_.back().merges));
  }
  void key(const YAML::Mark& mark, const std::string& name) { accept(mark, builder_.key(name, mark.line)); }
  void pay(const YAML::Mark& mark, const Value& copied) {
    const size_t bytes = Tree::bytes(copied);
    if (bytes > budget_.left.alias_bytes)
      throw YamlRefusal{mark.line, "anchors and aliases stand for more than " + std::to_string(budget_.limits.alias_bytes >> 20) + " MiB"};
    budget_.left.alias_bytes -= bytes;
  }
  void keep(const YAML::Mark& mark, YAML::anchor_t anchor, const Value& value, const std::string* text) {
    if (anchor == YAML::NullAnchor) return;
    pay(mark, value);
    anchors_[anchor] = {value, text ? *text : "", text != nullptr};
  }
  void open(const YAML::Mark& mark, YAML::anchor_t anchor, Value empty) {
    if (builder_.wants_key()) throw YamlRefusal{mark.line, kContainerAsKey};
    accept(mark, builder_.open(std::move(empty)));
    open_.push_back({mark, anchor});
  }
  void close() {
    const Open closed = open_.back();
    open_.pop_back();
    Value& complete = builder_.close();
    for (size_t number = 1; number <= closed.merges; ++number) merge(closed.mark, complete, Tree::take(complete, merge_key(number)));
    keep(closed.mark, closed.anchor, complete, nullptr);
  }
  // What the map says itself goes first, then earlier maps of the list.
  void merge(const YAML::Mark& mark, Value& into, Value merged) {
    std::vector<Value> maps;
    if (Tree::is_list(merged))
      maps = Tree::items(std::move(merged));
    else
      maps.push_back(std::move(merged));
    for (auto& map : maps) {
      if (!Tree::is_map(map)) throw YamlRefusal{mark.line, "<< takes a map or a list of maps"};
      Tree::add_missing(into, std::move(map));
    }
  }

  TreeBuilder<Tree> builder_;
  Budget& budget_;
  std::vector<Open> open_;  // maps and lists
  std::map<YAML::anchor_t, Anchor> anchors_;
};

// One document, of which an empty one is Value().
template <class Tree>
std::variant<typename Tree::Value, YamlRefusal> parse_yaml_document(std::string_view text, Budget& budget, Tree tree) {
  using Value = typename Tree::Value;
  try {
    std::istringstream stream{std::string(text)};
    YAML::Parser parser(stream);
    YamlEvents<Tree> events(budget, tree), rest(budget, tree);
    if (!parser.HandleNextDocument(events)) return Value();
    if (parser.HandleNextDocument(rest) && !Tree::is_null(rest.take())) return YamlRefusal{0, "start each document with a line of ---"};
    return events.take();
  } catch (const YamlRefusal& refusal) {
    return refusal;
  } catch (const YAML::Exception& exception) {
    return YamlRefusal{exception.mark.line, exception.msg, true};
  } catch (const std::exception& exception) {
    return YamlRefusal{0, exception.what()};
  }
}

struct YamlText {
  std::string_view text;
  int line = 0;  // of the file, from 0
};
// The documents of a file that hold anything, each with its line of ---. A byte order mark at the beginning is none of them.
std::vector<YamlText> split_documents(std::string_view text);

}  // namespace sources::decode
