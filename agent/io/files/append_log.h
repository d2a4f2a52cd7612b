// A file of records that only grows at its end: a line each, begun by a checksum of all that the file holds up to that line's end. What a
// kill, a power cut or a full disk leaves of it is read up to the first damage, and is then what was written, in order.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/text.h"

namespace io::files {

constexpr size_t kLongestRecord = 32 << 20;  // bytes; a longer line is damage

// The end of a log's good records, from where it goes on.
struct LogEnd {
  uint64_t bytes = 0;
  uint64_t checksum = base::kEmptyHash;
};

// The line of one more record, which must hold no line end, and moves the end behind it.
std::string log_line(LogEnd& end, std::string_view record);

struct LogContents {
  LogEnd end;
  uint64_t bytes = 0;   // of the file: more than end.bytes when its tail is damaged
  int64_t changed = 0;  // seconds since the epoch, by the clock of then
};
// Visits each good record; `offset` is where its line begins. False ends the reading.
using VisitRecord = std::function<bool(std::string_view record, uint64_t offset)>;
base::Result<LogContents> read_log(const std::string& path, const VisitRecord& visit);

// Lines that log_line() made, written at `at` over whatever damage lies behind. Nothing is there of lines that could not be written whole.
// ESTALE: the file is shorter than that. Not forced to the disk: a killed process loses nothing, a power cut what the kernel has not
// written yet (half a minute, vm.dirty_expire_centisecs); forcing would cost flash a block of the file system's journal each time.
base::Result<void> append_to_log(const std::string& path, const LogEnd& at, std::string_view lines);

}  // namespace io::files
