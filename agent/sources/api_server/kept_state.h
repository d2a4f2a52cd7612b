// STATE-DIR/objects: the last state that was whole, for a start without the API server. A line that says what this is, a line of JSON
// per object, and a last line with their number and checksum: a file that is cut, damaged or from another version is told from a good one.
#pragma once

#include <functional>
#include <string>

#include "base/result.h"
#include "base/text.h"
#include "sources/api_server/collection.h"
#include "sources/api_server/line_reader.h"

namespace sources::api_server {

struct KeptState {
  std::string node_name;  // whose own pods are in it
  int64_t written = 0;    // seconds since the epoch, by the clock of then
  Rows rows;
};

// Text to state, in pieces. Rows that this version's decoders refuse are left out.
class KeptStateReader {
 public:
  base::Result<void> feed(std::string_view piece);
  base::Result<KeptState> finish();  // once

 private:
  base::Result<void> take_line(std::string_view line);
  base::Result<void> take_head(const nlohmann::json& head);
  base::Result<void> take_end(const nlohmann::json& end);

  LineReader lines_;
  KeptState state_;
  bool begun_ = false, ended_ = false;
  uint64_t rows_ = 0, checksum_ = base::kEmptyHash;
};

using TextSink = std::function<base::Result<void>(std::string_view)>;
base::Result<void> write_kept_state(const KeptState& state, const TextSink& sink);

// ENOENT: there is none.
base::Result<KeptState> load_kept_state(const std::string& path);
// By rename, when all is on the disk: also a power cut leaves the old file or the new one.
base::Result<void> save_kept_state(const std::string& path, const KeptState& state);

}  // namespace sources::api_server
