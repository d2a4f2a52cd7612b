// Foreign bytes as the body of a watch, of a list and as the kept state. Whatever they are: no crash, no row without a name, and a state
// that was read can be written and read again.
#include <cstdlib>
#include <string>
#include <string_view>

#include "sources/api_server/collection.h"
#include "sources/api_server/kept_state.h"
#include "sources/api_server/reflector.h"

namespace {

using namespace sources::api_server;

// Cut in two, so that what lies across the cut is put together again.
void reflect(std::string_view text, bool in_pages) {
  Reflector reflector(text.size() % 5, "one", 1);
  Collection collection;
  Events events;
  reflector.next({}, events);
  if (in_pages) {
    reflector.ended(io::kube::Answer{422, "Invalid", "", {}}, {}, events);
    reflector.next({}, events);
  }
  if (reflector.take(text.substr(0, text.size() / 2), events)) reflector.take(text.substr(text.size() / 2), events);
  reflector.ended(io::kube::Answer{200, "", "", {}}, base::BootTime(2'000), events);
  for (auto& event : events) collection.take(text.size() % 5, std::move(event));
  if (collection.rows()[text.size() % 5].find("")) std::abort();
}

void keep(std::string_view text) {
  KeptStateReader reader;
  if (!reader.feed(text).ok()) return;
  auto state = reader.finish();
  if (!state.ok()) return;
  KeptStateReader again;
  auto written = write_kept_state(*state, [&](std::string_view line) { return again.feed(line); });
  if (!written.ok() || !again.finish().ok()) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  std::string_view text(reinterpret_cast<const char*>(bytes), size);
  reflect(text, false);
  reflect(text, true);
  keep(text);
  return 0;
}
