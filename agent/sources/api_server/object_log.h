// The hand that writes STATE-DIR/objects (kept_state.h): what differs from what the file says is put behind it, and the file is written
// anew when more than half of it has been overtaken. Nothing is written when nothing differs, at a start neither.
#pragma once

#include <bitset>
#include <string>

#include "sources/api_server/kept_state.h"

namespace sources::api_server {

using Kinds = std::bitset<decode::kKindCount>;  // by index in decode::ObjectRow

class ObjectLog {
 public:
  ObjectLog(std::string path, std::string node_name) : path_(std::move(path)), node_name_(std::move(node_name)) {}

  // Makes the file say these rows of these kinds, and leaves what it says of others. Kinds that were given once are given from then on.
  // False: there is no file to go on with, and a new one waits until all kinds that are kept are given. After an error the file says what
  // it said before, or that and a part of what is new.
  base::Result<bool> keep(const Rows& rows, const Kinds& kinds);

  uint64_t written_bytes() const { return written_bytes_; }
  uint64_t rewrites() const { return rewrites_; }

 private:
  void open();
  std::string differences(const Rows& rows, const Kinds& kinds, io::files::LogEnd& end) const;
  void add_compared(size_t kind, const KindRows& rows, const auto& add) const;
  void add_changed(size_t kind, const KindRows& rows, const auto& add) const;
  base::Result<void> rewrite(const Rows& rows, const Kinds& kinds);
  void remember(const Rows& rows, const Kinds& kinds);
  uint64_t most_bytes() const;

  std::string path_, node_name_;
  bool opened_ = false;
  bool usable_ = false;      // what is there can be gone on with
  io::files::LogEnd end_;    // while usable
  uint64_t live_bytes_ = 0;  // of the records that counted when the file was opened or written anew
  Kinds known_;              // kinds of which rows_ is what the file says; of the others only index_ knows
  Rows rows_;
  KeptIndex index_;
  uint64_t written_bytes_ = 0, rewrites_ = 0;
};

}  // namespace sources::api_server
