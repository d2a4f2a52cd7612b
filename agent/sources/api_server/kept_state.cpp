#include "sources/api_server/kept_state.h"

#include <fcntl.h>

#include "base/fd.h"
#include "base/text.h"
#include "io/files/replacement.h"
#include "sources/api_server/encode.h"
#include "sources/decode/field.h"
#include "sources/decode/row_change.h"
#include "sources/decode/text.h"

namespace sources::api_server {
namespace {

using nlohmann::json;

constexpr const char* kFormat = "ichor objects";
constexpr int kVersion = 1;

std::string line_of(const json& content) { return content.dump(-1, ' ', false, json::error_handler_t::replace) + "\n"; }

base::Error damaged(const std::string& how) { return {EBADMSG, "is damaged: " + how}; }

std::optional<size_t> kind_of(const json& object) {
  decode::Complaint complaint;
  decode::Field root(object, complaint);
  std::string name = root["kind"].text();
  for (size_t kind = 0; kind < decode::kKindCount; ++kind)
    if (decode::kind_name(kind) == name) return kind;
  return std::nullopt;
}

}  // namespace

base::Result<void> KeptStateReader::feed(std::string_view piece) {
  base::Result<void> outcome;
  lines_.feed(piece, [&](auto line) {
    if (line.ok())
      outcome = take_line(*line);
    else
      outcome = damaged("a line " + line.error().text);
    return outcome.ok();
  });
  return outcome;
}

base::Result<void> KeptStateReader::take_line(std::string_view line) {
  if (ended_) return damaged("something follows its end");
  auto tree = decode::parse_json(line);
  if (!tree.ok() || !tree->is_object()) return damaged("a line is no JSON object");
  if (!begun_) {
    TRY(take_head(*tree));
  } else if (tree->contains("checksum")) {
    return take_end(*tree);
  } else {
    ++rows_;
    auto kind = kind_of(*tree);
    auto decoded = kind ? decode::decode_object(*kind, *tree, "") : decode::DecodedObject();
    if (decoded.ok() && decoded->row) {
      std::string key = decode::meta_of(*decoded->row).key();
      state_.rows[*kind] = std::move(state_.rows[*kind]).set(std::move(key), std::move(*decoded->row));
    }
  }
  checksum_ = base::stable_hash("\n", base::stable_hash(line, checksum_));
  return {};
}

base::Result<void> KeptStateReader::take_head(const json& head) {
  decode::Complaint complaint;
  decode::Field root(head, complaint);
  std::string format = root["format"].text();
  auto version = root["version"].integer(0, INT64_MAX, "a version", 0);
  state_.node_name = root["node"].text();
  state_.written = root["written"].integer(INT64_MIN, INT64_MAX, "a time", 0);
  if (complaint || format != kFormat) return damaged("it does not begin as such a file does");
  if (version != kVersion)
    return base::Error{ENOTSUP, "has version " + std::to_string(version) + ", and this agent reads version " + std::to_string(kVersion)};
  begun_ = true;
  return {};
}

base::Result<void> KeptStateReader::take_end(const json& end) {
  decode::Complaint complaint;
  decode::Field root(end, complaint);
  auto rows = root["rows"].integer(0, INT64_MAX, "a number", -1);
  std::string checksum = root["checksum"].text();
  if (complaint || static_cast<uint64_t>(rows) != rows_ || checksum != std::to_string(checksum_))
    return damaged("its content is not what was written");
  ended_ = true;
  return {};
}

base::Result<KeptState> KeptStateReader::finish() {
  if (!ended_ || lines_.in_line()) return damaged("its end is missing");
  return std::move(state_);
}

base::Result<void> write_kept_state(const KeptState& state, const TextSink& sink) {
  uint64_t checksum = base::kEmptyHash, count = 0;
  auto write = [&](const json& content) {
    std::string line = line_of(content);
    checksum = base::stable_hash(line, checksum);
    return sink(line);
  };
  TRY(write({{"format", kFormat}, {"version", kVersion}, {"node", state.node_name}, {"written", state.written}}));
  for (const auto& rows : state.rows)
    for (const auto& [key, row] : rows) {
      TRY(write(encode_row(row)));
      ++count;
    }
  return sink(line_of({{"rows", count}, {"checksum", std::to_string(checksum)}}));
}

base::Result<KeptState> load_kept_state(const std::string& path) {
  base::Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) return base::errno_error(path);
  KeptStateReader reader;
  char piece[65536];
  for (;;) {
    ssize_t length = ::read(file.get(), piece, sizeof piece);
    if (length < 0 && errno == EINTR) continue;
    if (length < 0) return base::errno_error(path);
    if (length == 0) return reader.finish();
    TRY(reader.feed({piece, static_cast<size_t>(length)}));
  }
}

base::Result<void> save_kept_state(const std::string& path, const KeptState& state) {
  auto replacement = TRY(io::files::Replacement::begin(path));
  TRY(write_kept_state(state, [&](std::string_view text) { return replacement.write(text); }));
  return replacement.commit();
}

}  // namespace sources::api_server
