#include "sources/api_server/event.h"

#include "sources/decode/field.h"
#include "sources/decode/row_change.h"
#include "sources/decode/tree.h"

namespace sources::api_server {
namespace {

using decode::Complaint;
using decode::Field;
using decode::Value;

// Who wrote which field, and kubectl's copy of what was written: often more bytes than the object itself, and nothing here reads them.
constexpr std::string_view kLeftOut[] = {"managedFields", "kubectl.kubernetes.io/last-applied-configuration"};

Event object_event(size_t kind, const Value& object) {
  auto id = decode::identify(kind, object);
  auto decoded = decode::decode_object(kind, object, "");
  if (!decoded.ok()) return Broken{std::move(id), decoded.error().text};
  if (decoded->row) return Put{decode::meta_of(*decoded->row).key(), std::move(*decoded->row), std::move(decoded->left_out)};
  return Gone{id ? id->key : ""};
}

Event deletion_event(size_t kind, const Value& object) {
  auto id = decode::identify(kind, object);
  if (!id) return Broken{std::nullopt, "a deletion does not say of what"};
  return Gone{std::move(id->key)};
}

ErrorEvent error_event(const Field& status) {
  ErrorEvent error;
  error.code = static_cast<int>(status["code"].integer(0, 999, "a status code", 0));
  error.reason = status["reason"].text();
  error.message = status["message"].text();
  return error;
}

}  // namespace

WatchLine read_watch_line(size_t kind, std::string_view line) {
  auto tree = decode::parse_tree(line, kLeftOut);
  if (!tree.ok()) return {Event(Broken{std::nullopt, "an event " + tree.error().text}), ""};
  Complaint complaint;
  Field root(tree->root(), complaint);
  Field object = root["object"];
  Field metadata = object["metadata"];
  std::string type = root["type"].text(), version = metadata["resourceVersion"].text();
  const Value* found = decode::member(tree->root(), "object");
  if (complaint || !found) return {Event(Broken{std::nullopt, "an event is none: " + complaint.value_or("no object")}), ""};
  if (type == "ADDED" || type == "MODIFIED") return {object_event(kind, *found), version};
  if (type == "DELETED") return {deletion_event(kind, *found), version};
  if (type == "ERROR") return {error_event(object), ""};
  if (type != "BOOKMARK") return {Event(Broken{std::nullopt, "an event has the unknown type " + type.substr(0, 64)}), ""};
  return {Bookmark{}, version};
}

Event read_item(size_t kind, std::string_view text) {
  auto tree = decode::parse_tree(text, kLeftOut);
  if (!tree.ok()) return Broken{std::nullopt, "an item " + tree.error().text};
  return object_event(kind, tree->root());
}

}  // namespace sources::api_server
