// Foreign bytes as a manifest file, once as JSON and once as YAML. Whatever they are: no crash, no row that lacks a name, and the
// copy kept of a file reads back as the same objects.
#include <cstdlib>
#include <string_view>

#include "sources/manifests/kept_copies.h"

namespace {

void judge(const char* file, std::string_view text) {
  auto contents = sources::decode::decode_objects(file, text);
  for (const auto& object : contents.objects)
    if (object.id.key.empty()) std::abort();
  if (contents.objects.empty()) return;
  auto copy = sources::decode::decode_objects(file, sources::manifests::merged_text(file, "", text));
  if (!copy.broken.empty() || copy.objects.size() != contents.objects.size()) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  std::string_view text(reinterpret_cast<const char*>(bytes), size);
  judge("a.json", text);
  judge("a.yaml", text);
  return 0;
}
