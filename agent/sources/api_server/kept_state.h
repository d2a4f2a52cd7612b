// STATE-DIR/objects: what the API server said last, for a start without it. A log (io/files/append_log.h) whose first record says what it
// is, and each later one what became of one object:
//
//   {"format":"ichor objects","node":"NODE","version":2}
//   put KIND KEY JSON
//   gone KIND KEY
//
// The newest record of an object counts. Only kinds that planners read are in it, and of an object what its row says but for its
// resourceVersion: a heartbeat changes nothing else.
#pragma once

#include <array>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/result.h"
#include "io/files/append_log.h"
#include "sources/api_server/collection.h"

namespace sources::api_server {

struct KeptState {
  std::string node_name;  // whose own objects are in it
  int64_t changed = 0;    // last, in seconds since the epoch by the clock of then
  Rows rows;
};

// The file without its objects' content: where the newest record of each lies.
struct KeptIndex {
  struct Object {
    uint64_t offset = 0, bytes = 0;  // of the line
    uint64_t content = 0;            // hash of its JSON text
  };
  std::string node_name;
  io::files::LogContents log;
  std::array<std::unordered_map<std::string, Object>, decode::kKindCount> objects;
  uint64_t live_bytes = 0;  // of the records that count
};

// ENOENT: there is none. EBADMSG: it does not begin as such a file does. ENOTSUP: it is of another version.
base::Result<KeptIndex> read_kept_index(const std::string& path);
// As above. A damaged end is left off: what is there is older then, and true. Objects that this version's decoders refuse are left out.
base::Result<KeptState> load_kept_state(const std::string& path);

// Each object's newest record, in the file's order.
struct KeptRecord {
  size_t kind = 0;
  std::string_view key, content, text;  // `text`: the record itself
};
using VisitKeptRecord = std::function<base::Result<void>(const KeptRecord& record)>;
base::Result<void> visit_kept_records(const std::string& path, const KeptIndex& index, const VisitKeptRecord& visit);

std::string kept_head(const std::string& node_name);
std::string kept_put(size_t kind, const std::string& key, std::string_view content);
std::string kept_gone(size_t kind, const std::string& key);
// JSON of a row, always the same for the same row.
std::string kept_content(const decode::ObjectRow& row);

}  // namespace sources::api_server
