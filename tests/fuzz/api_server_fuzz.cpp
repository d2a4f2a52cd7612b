// Foreign bytes as the body of a watch, of a list and as the kept state. Whatever they are: no crash, no row without a name, and a state
// that was read can be written and read again.
#include <unistd.h>

#include <cstdlib>
#include <string>
#include <string_view>

#include "base/fd.h"
#include "sources/api_server/collection.h"
#include "sources/api_server/object_log.h"
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
  if (reflector.take(text.substr(0, text.size() / 2), {}, events)) reflector.take(text.substr(text.size() / 2), {}, events);
  reflector.ended(io::kube::Answer{200, "", "", {}}, base::BootTime(2'000), events);
  for (auto& event : events) collection.take(text.size() % 5, std::move(event));
  if (collection.rows()[text.size() % 5].find("")) std::abort();
}

// As a log that was written so, and as one that was damaged: by then only its beginning may be told from any other bytes.
void keep(std::string_view text) {
  char path[] = "/tmp/ichor-fuzz-XXXXXX";
  base::Fd file(::mkstemp(path));
  std::string lines;
  io::files::LogEnd end;
  for (auto record : base::split(text, '\n')) lines += io::files::log_line(end, record);
  for (std::string_view content : {std::string_view(lines), text}) {
    if (::ftruncate(file.get(), 0) != 0 || ::pwrite(file.get(), content.data(), content.size(), 0) < 0) std::abort();
    auto state = load_kept_state(path);
    Rows rows = state.ok() ? state->rows : Rows{};
    if (!ObjectLog(path, state.ok() ? state->node_name : "n").keep(rows, ~Kinds()).ok()) std::abort();
    auto again = load_kept_state(path);
    if (!again.ok()) std::abort();
    for (size_t kind = 0; kind < rows.size(); ++kind)
      if (again->rows[kind].size() != rows[kind].size()) std::abort();
  }
  ::unlink(path);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  std::string_view text(reinterpret_cast<const char*>(bytes), size);
  reflect(text, false);
  reflect(text, true);
  keep(text);
  return 0;
}
