// The objects that one manifest file holds: documents, lists and typed lists taken apart, each object decoded by its kind. What is
// broken is told apart from what is good, object by object.
#pragma once

#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"
#include "model/cluster/kinds.h"
#include "model/problem.h"
#include "sources/decode/tree.h"

namespace sources::decode {

template <class Row>
using Shared = std::shared_ptr<const Row>;
using ObjectRow = model::ObjectKinds::Variant<Shared>;

struct ObjectId {
  size_t kind = 0;  // index in ObjectRow
  std::string key;  // ObjectMeta::key()

  auto operator<=>(const ObjectId&) const = default;
};
std::string to_string(const ObjectId& id);  // "Service default/web"

constexpr size_t kKindCount = std::variant_size_v<ObjectRow>;
std::string_view kind_name(size_t kind);  // "Service"

struct DecodedObject {
  std::optional<ObjectRow> row;  // nullopt: no row is made of such an object
  std::string left_out;          // what the row lacks, and why; "": nothing
};
// One object that is known to be of this kind, whatever it calls itself.
base::Result<DecodedObject> decode_object(size_t kind, const Value& object, const std::string& origin);
model::Problem left_out_problem(const ObjectId& id, const std::string& text);
// Which object this is or, where it is broken, was to be.
std::optional<ObjectId> identify(size_t kind, const Value& object);

struct Object {
  ObjectId id;
  ObjectRow row;
  std::string position;  // "FILE", "FILE#DOCUMENT", "FILE items[3]"; documents count from 1
  std::string left_out;  // as in DecodedObject
};

struct BrokenObject {
  std::string position;
  std::optional<ObjectId> id;  // nullopt: it could not be told which object this was to be
  std::string text;
};

struct Contents {
  std::vector<Object> objects;
  std::vector<BrokenObject> broken;
  std::map<std::string, uint64_t> unread;  // "GROUP/VERSION KIND" -> objects
};

// `trees`, if given, receives the JSON of each of `objects`, in their order.
Contents decode_objects(std::string_view file, std::string_view text, std::vector<nlohmann::json>* trees = nullptr);

}  // namespace sources::decode
