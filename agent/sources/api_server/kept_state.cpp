#include "sources/api_server/kept_state.h"

#include "sources/api_server/encode.h"
#include "sources/api_server/resources.h"
#include "sources/decode/field.h"
#include "sources/decode/tree.h"

namespace sources::api_server {
namespace {

using nlohmann::json;

constexpr const char* kFormat = "ichor objects";
constexpr int kVersion = 2;

std::string text_of(const json& content) { return content.dump(-1, ' ', false, json::error_handler_t::replace); }

std::string_view take_word(std::string_view& text) {
  std::string_view word = text.substr(0, text.find(' '));
  text.remove_prefix(std::min(word.size() + 1, text.size()));
  return word;
}

// One record behind the head; nothing for one that means nothing to this version.
struct Record {
  bool put = false;
  size_t kind = 0;
  std::string_view key, content;
};
std::optional<Record> parse_record(std::string_view text) {
  Record record;
  std::string_view verb = take_word(text), kind = take_word(text);
  record.put = verb == "put";
  record.key = take_word(text);
  record.content = text;
  for (; record.kind < decode::kKindCount; ++record.kind)
    if (decode::kind_name(record.kind) == kind) break;
  if (record.kind == decode::kKindCount || !resources()[record.kind].planned) return std::nullopt;
  if (record.key.empty() || (!record.put && verb != "gone")) return std::nullopt;
  return record;
}

base::Result<std::string> node_of_head(std::string_view text) {
  const base::Error other{EBADMSG, "is damaged: it does not begin as such a file does"};
  auto head = decode::parse_tree(text);
  if (!head.ok()) return other;
  decode::Complaint complaint;
  decode::Field root(head->root(), complaint);
  std::string format = root["format"].text(), node = root["node"].text();
  auto version = root["version"].integer(0, INT64_MAX, "a version", 0);
  if (complaint || format != kFormat) return other;
  if (version != kVersion)
    return base::Error{ENOTSUP, "has version " + std::to_string(version) + ", and this agent reads version " + std::to_string(kVersion)};
  return node;
}

void take(const Record& record, uint64_t offset, uint64_t bytes, KeptIndex& index) {
  auto& objects = index.objects[record.kind];
  auto found = objects.find(std::string(record.key));
  if (found != objects.end()) index.live_bytes -= found->second.bytes;
  if (!record.put) {
    if (found != objects.end()) objects.erase(found);
    return;
  }
  index.live_bytes += bytes;
  objects[std::string(record.key)] = {offset, bytes, base::stable_hash(record.content)};
}

}  // namespace

base::Result<KeptIndex> read_kept_index(const std::string& path) {
  KeptIndex index;
  base::Result<std::string> node = base::Error{EBADMSG, "is damaged: its beginning is missing"};
  index.log = TRY(io::files::read_log(path, [&](std::string_view text, uint64_t offset) {
    if (offset == 0) {
      node = node_of_head(text);
      index.live_bytes = text.size();
      return node.ok();
    }
    if (auto record = parse_record(text)) take(*record, offset, text.size(), index);
    return true;
  }));
  index.node_name = TRY(std::move(node));
  return index;
}

base::Result<void> visit_kept_records(const std::string& path, const KeptIndex& index, const VisitKeptRecord& visit) {
  base::Result<void> outcome;
  TRY(io::files::read_log(path, [&](std::string_view text, uint64_t offset) {
    auto record = offset == 0 ? std::nullopt : parse_record(text);
    if (!record || !record->put) return true;
    const auto& objects = index.objects[record->kind];
    auto newest = objects.find(std::string(record->key));
    if (newest != objects.end() && newest->second.offset == offset) outcome = visit({record->kind, record->key, record->content, text});
    return outcome.ok();
  }));
  return outcome;
}

base::Result<KeptState> load_kept_state(const std::string& path) {
  KeptIndex index = TRY(read_kept_index(path));
  KeptState state{index.node_name, index.log.changed, {}};
  TRY(visit_kept_records(path, index, [&](const KeptRecord& record) -> base::Result<void> {
    auto tree = decode::parse_tree(record.content);
    if (!tree.ok()) return {};
    auto decoded = decode::decode_object(record.kind, tree->root(), "");
    Rows& rows = state.rows;
    if (decoded.ok() && decoded->row)
      rows[record.kind] = std::move(rows[record.kind]).set(std::string(record.key), std::move(*decoded->row));
    return {};
  }));
  return state;
}

std::string kept_head(const std::string& node_name) { return text_of({{"format", kFormat}, {"version", kVersion}, {"node", node_name}}); }

std::string kept_put(size_t kind, const std::string& key, std::string_view content) {
  return "put " + std::string(decode::kind_name(kind)) + " " + key + " " + std::string(content);
}

std::string kept_gone(size_t kind, const std::string& key) { return "gone " + std::string(decode::kind_name(kind)) + " " + key; }

std::string kept_content(const decode::ObjectRow& row) { return encode_row(row); }

}  // namespace sources::api_server
