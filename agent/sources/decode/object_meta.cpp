#include "sources/decode/object_meta.h"

#include "sources/decode/names.h"

namespace sources::decode {

model::ObjectMeta decode_meta(const Field& object, Scope scope, bool (*is_name)(std::string_view)) {
  Field metadata = object["metadata"];
  Field name = metadata["name"], ns = metadata["namespace"];
  model::ObjectMeta meta;
  meta.name = name.text();
  if (!is_name(meta.name)) name.is_not("a name of lower-case letters, digits and - (RFC 1123)");
  meta.ns = ns.text(scope == Scope::kNamespaced ? "default" : "");
  if (meta.ns.empty() && scope == Scope::kNamespaced) meta.ns = "default";
  if (scope == Scope::kNamespaced && !is_dns_label(meta.ns)) ns.is_not("a namespace's name (RFC 1123)");
  if (scope == Scope::kCluster && !meta.ns.empty()) ns.complain("objects of this kind are in no namespace");
  meta.uid = metadata["uid"].lenient().text();
  meta.created = metadata["creationTimestamp"].lenient().time();
  meta.labels = metadata["labels"].lenient().labels();
  meta.annotations = metadata["annotations"].lenient().labels();
  return meta;
}

bool being_deleted(const Field& object) {
  Field metadata = object["metadata"];
  return metadata["deletionTimestamp"].present();
}

}  // namespace sources::decode
