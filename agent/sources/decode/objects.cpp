#include "sources/decode/objects.h"

#include <algorithm>

#include "sources/decode/budget.h"
#include "sources/decode/kinds.h"
#include "sources/decode/names.h"
#include "sources/decode/text.h"

namespace sources::decode {
namespace {

using nlohmann::json;
using Decoded = base::Result<DecodedObject>;

template <class Row>
std::optional<ObjectRow> as_row(Row row, const std::string& origin) {
  row.meta.origin = origin;
  return ObjectRow(std::make_shared<const Row>(std::move(row)));
}
template <class Row>
std::optional<ObjectRow> as_row(std::optional<Row> row, const std::string& origin) {
  return row ? as_row(std::move(*row), origin) : std::nullopt;
}
template <auto decode>
Decoded decode_row(const Value& object, const std::string& origin) {
  Warnings warnings;
  auto row = decode(object, warnings);
  std::string left_out = warnings.text();
  if (row.ok()) return DecodedObject{as_row(std::move(*row), origin), std::move(left_out)};
  return base::Error{row.error().code, row.error().text + (left_out.empty() ? "" : "; " + left_out)};
}

struct Kind {
  std::string_view api_version, name;
  bool namespaced;
  Decoded (*decode)(const Value& object, const std::string& origin);
};

constexpr Kind kKinds[] = {
    // in ObjectRow's order
    {"v1", "Service", true, decode_row<decode_service>},
    {"discovery.k8s.io/v1", "EndpointSlice", true, decode_row<decode_endpoint_slice>},
    {"v1", "Node", false, decode_row<decode_node>},
    {"v1", "Pod", true, decode_row<decode_pod>},
    {"v1", "Namespace", false, decode_row<decode_namespace>},
};
static_assert(std::size(kKinds) == std::variant_size_v<ObjectRow>);

std::string_view text_member(const json& object, const char* name) {
  auto member = object.find(name);
  return member != object.end() && member->is_string() ? std::string_view(member->get_ref<const std::string&>()) : std::string_view();
}

// "apps/v1" and "Deployment", not a megabyte of something else: unread kinds become rows.
bool is_type_name(std::string_view name, size_t longest) {
  auto allowed = [](unsigned char c) { return std::isalnum(c) || c == '.' || c == '-' || c == '/'; };
  return !name.empty() && name.size() <= longest && std::all_of(name.begin(), name.end(), allowed);
}

class Walk {
 public:
  Walk(Contents& contents, std::vector<json>* trees) : contents_(contents), trees_(trees) {}

  // One object or list. Items of a typed list may leave apiVersion and kind to the list.
  void visit(json& object, const std::string& origin, const std::string& position, std::string_view list_version,
             std::string_view list_kind) {
    if (!object.is_object()) return broken(position, std::nullopt, "is not an object with apiVersion and kind");
    std::string_view version = text_member(object, "apiVersion"), kind = text_member(object, "kind");
    if (version.empty() && kind.empty()) version = list_version, kind = list_kind;
    if (!is_type_name(version, 317)) return broken(position, std::nullopt, "apiVersion: is missing or is not text such as v1");
    if (!is_type_name(kind, 63)) return broken(position, std::nullopt, "kind: is missing or is not text such as Service");
    if (kind == "List" || (kind.ends_with("List") && object.contains("items"))) return visit_items(object, origin, position, version, kind);
    if (++seen_ > kMaxObjects) return;
    for (size_t i = 0; i < std::size(kKinds); ++i)
      if (kKinds[i].api_version == version && kKinds[i].name == kind) return decode(i, object, origin, position);
    ++contents_.unread[std::string(version) + " " + std::string(kind)];
  }

  bool too_many() const { return seen_ > kMaxObjects; }
  void broken(const std::string& position, std::optional<ObjectId> id, std::string text) {
    contents_.broken.push_back({position, std::move(id), std::move(text)});
  }

 private:
  void visit_items(json& list, const std::string& origin, const std::string& position, std::string_view version, std::string_view kind) {
    json& items = list["items"];
    if (items.is_null()) return;
    if (!items.is_array()) return broken(position, std::nullopt, "items: is not a list");
    kind.remove_suffix(std::string_view("List").size());
    for (size_t i = 0; i < items.size() && !too_many(); ++i)
      visit(items[i], origin, position + (position.find(' ') == std::string::npos ? " items[" : ".items[") + std::to_string(i) + "]",
            version, kind);
  }

  void decode(size_t kind, json& object, const std::string& origin, const std::string& position) {
    const auto tree = to_tree(object);
    if (!tree.ok()) return broken(position, std::nullopt, "is " + tree.error().text);
    auto decoded = kKinds[kind].decode(tree->root(), origin);
    if (!decoded.ok()) return broken(position, identify(kind, tree->root()), decoded.error().text);
    if (!decoded->row) {
      ++contents_.unread[std::string(kKinds[kind].api_version) + " " + std::string(kKinds[kind].name) + " (FQDN)"];
      return;
    }
    std::string key = std::visit([](const auto& row) { return row->meta.key(); }, *decoded->row);
    contents_.objects.push_back({{kind, std::move(key)}, std::move(*decoded->row), position, std::move(decoded->left_out)});
    if (trees_) {
      object["apiVersion"] = kKinds[kind].api_version;
      object["kind"] = kKinds[kind].name;
      trees_->push_back(std::move(object));
    }
  }

  Contents& contents_;
  std::vector<json>* trees_;
  size_t seen_ = 0;
};

}  // namespace

std::optional<ObjectId> identify(size_t kind, const Value& object) {
  const Value* metadata = member(object, "metadata");
  if (!metadata) return std::nullopt;
  const Value *name_member = member(*metadata, "name"), *ns_member = member(*metadata, "namespace");
  std::string name(name_member ? text_of(*name_member) : ""), ns(ns_member ? text_of(*ns_member) : "");
  if (ns.empty()) ns = "default";
  if (!is_dns_subdomain(name) || !is_dns_label(ns)) return std::nullopt;
  return ObjectId{kind, kKinds[kind].namespaced ? ns + "/" + name : name};
}

std::string_view kind_name(size_t kind) { return kKinds[kind].name; }

base::Result<DecodedObject> decode_object(size_t kind, const Value& object, const std::string& origin) {
  return kKinds[kind].decode(object, origin);
}

model::Problem left_out_problem(const ObjectId& id, const std::string& text) {
  return {to_string(id), text, "correct it; the rest of the object is in force"};
}

std::string to_string(const ObjectId& id) { return std::string(kKinds[id.kind].name) + " " + id.key; }

Contents decode_objects(std::string_view file, std::string_view text, std::vector<json>* trees) {
  Contents contents;
  Walk walk(contents, trees);
  auto documents = parse_text(file, text);
  for (size_t i = 0; i < documents.size() && !walk.too_many(); ++i) {
    std::string origin(file);
    if (documents.size() > 1) origin += "#" + std::to_string(i + 1);
    if (documents[i].ok())
      walk.visit(*documents[i], origin, origin, "", "");
    else
      walk.broken(origin, std::nullopt, documents[i].error().text);
    documents[i] = json();
  }
  if (!walk.too_many()) return contents;
  if (trees) trees->clear();
  return Contents{{}, {{std::string(file), std::nullopt, "more than " + std::to_string(kMaxObjects) + " objects"}}, {}};
}

}  // namespace sources::decode
