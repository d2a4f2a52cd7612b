#include "io/files/append_log.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <charconv>
#include <cstdio>

#include "base/fd.h"
#include "io/files/files.h"

namespace io::files {
namespace {

constexpr size_t kChecksumDigits = 16;
constexpr size_t kPiece = 65536;

// The record of a line, if its checksum fits what came before; moves the end behind it.
std::optional<std::string_view> record_of(std::string_view line, LogEnd& end) {
  if (line.size() <= kChecksumDigits || line[kChecksumDigits] != ' ') return std::nullopt;
  uint64_t written = 0;
  auto [rest, code] = std::from_chars(line.data(), line.data() + kChecksumDigits, written, 16);
  if (code != std::errc{} || rest != line.data() + kChecksumDigits) return std::nullopt;
  std::string_view record = line.substr(kChecksumDigits + 1);
  uint64_t checksum = base::stable_hash(record, end.checksum);
  if (checksum != written) return std::nullopt;
  end = {end.bytes + line.size() + 1, checksum};
  return record;
}

// Visits the good records of the whole lines in `text` and takes those lines off it. False: damage, or the visitor has had enough.
bool take_lines(std::string& text, LogEnd& end, const VisitRecord& visit) {
  size_t taken = 0;
  bool more = true;
  for (size_t at; more && (at = text.find('\n', taken)) != std::string::npos; taken = at + 1) {
    uint64_t offset = end.bytes;
    auto record = record_of(std::string_view(text).substr(taken, at - taken), end);
    more = record && visit(*record, offset);
  }
  text.erase(0, taken);
  return more && text.size() <= kLongestRecord;
}

}  // namespace

std::string log_line(LogEnd& end, std::string_view record) {
  end.checksum = base::stable_hash(record, end.checksum);
  char digits[kChecksumDigits + 1];
  std::snprintf(digits, sizeof digits, "%016llx", static_cast<unsigned long long>(end.checksum));
  std::string line;
  line.reserve(kChecksumDigits + 2 + record.size());
  line.append(digits).append(1, ' ').append(record).append(1, '\n');
  end.bytes += line.size();
  return line;
}

base::Result<LogContents> read_log(const std::string& path, const VisitRecord& visit) {
  base::Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  struct stat info{};
  if (!file || ::fstat(file.get(), &info) != 0) return base::errno_error(path);
  LogContents contents{{}, static_cast<uint64_t>(info.st_size), info.st_mtim.tv_sec};
  std::string text;
  char piece[kPiece];
  for (;;) {
    ssize_t length = ::read(file.get(), piece, sizeof piece);
    if (length < 0 && errno == EINTR) continue;
    if (length < 0) return base::errno_error(path);
    if (length == 0) return contents;
    text.append(piece, static_cast<size_t>(length));
    if (!take_lines(text, contents.end, visit)) return contents;
  }
}

base::Result<void> append_to_log(const std::string& path, const LogEnd& at, std::string_view lines) {
  base::Fd file(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
  struct stat info{};
  if (!file || ::fstat(file.get(), &info) != 0) return base::errno_error(path);
  auto end = static_cast<off_t>(at.bytes);
  if (info.st_size < end) return base::Error{ESTALE, path + ": is shorter than what was written to it"};
  if (info.st_size > end && ::ftruncate(file.get(), end) != 0) return base::errno_error(path);
  if (::lseek(file.get(), end, SEEK_SET) < 0) return base::errno_error(path);
  auto written = write_all(file.get(), lines, path);
  if (!written.ok()) (void)::ftruncate(file.get(), end);
  return written;
}

}  // namespace io::files
