#include "sources/api_server/object_log.h"

#include <immer/algorithm.hpp>

#include "io/files/replacement.h"
#include "sources/api_server/resources.h"

namespace sources::api_server {
namespace {

// A small file may be overtaken more often before it is written anew, which costs a sync and a directory's block.
constexpr uint64_t kSlackBytes = 1 << 20;

Kinds kept_kinds() {
  Kinds kinds;
  for (size_t kind = 0; kind < decode::kKindCount; ++kind) kinds.set(kind, resources()[kind].planned);
  return kinds;
}

}  // namespace

base::Result<bool> ObjectLog::keep(const Rows& rows, const Kinds& kinds) {
  open();
  const Kinds given = kinds & kept_kinds();
  const bool all = given == kept_kinds();
  if (usable_) {
    io::files::LogEnd end = end_;
    std::string lines = differences(rows, given, end);
    if (lines.empty() || end.bytes <= most_bytes()) {
      auto appended = lines.empty() ? base::Result<void>() : io::files::append_to_log(path_, end_, lines);
      if (appended.ok()) {
        written_bytes_ += lines.size();
        end_ = end;
        remember(rows, given);
        return true;
      }
      usable_ = appended.error().code != ESTALE && appended.error().code != ENOENT;
      if (usable_) return appended.error();
    }
  }
  if (!usable_ && !all) return false;
  TRY(rewrite(rows, given));
  return true;
}

void ObjectLog::open() {
  if (std::exchange(opened_, true)) return;
  auto index = read_kept_index(path_);
  usable_ = index.ok() && index->node_name == node_name_;
  if (!usable_) return;
  index_ = std::move(*index);
  end_ = index_.log.end;
  live_bytes_ = index_.live_bytes;
}

std::string ObjectLog::differences(const Rows& rows, const Kinds& kinds, io::files::LogEnd& end) const {
  std::string lines;
  auto add = [&](const std::string& record) { lines += io::files::log_line(end, record); };
  for (size_t kind = 0; kind < decode::kKindCount; ++kind) {
    if (!kinds.test(kind)) continue;
    if (known_.test(kind))
      add_changed(kind, rows[kind], add);
    else
      add_compared(kind, rows[kind], add);
  }
  return lines;
}

// Against the file as it was found: texts are compared by hash, so that no second state of the cluster has to be in memory.
void ObjectLog::add_compared(size_t kind, const KindRows& rows, const auto& add) const {
  const auto& objects = index_.objects[kind];
  for (const auto& [key, row] : rows) {
    std::string content = kept_content(row);
    auto found = objects.find(key);
    if (found == objects.end() || found->second.content != base::stable_hash(content)) add(kept_put(kind, key, content));
  }
  for (const auto& [key, object] : objects)
    if (!rows.find(key)) add(kept_gone(kind, key));
}

// Against the rows kept last: the cost depends on what changed since, not on how many there are.
void ObjectLog::add_changed(size_t kind, const KindRows& rows, const auto& add) const {
  auto put = [&](const auto& entry) { add(kept_put(kind, entry.first, kept_content(entry.second))); };
  immer::diff(
      rows_[kind], rows, put, [&](const auto& entry) { add(kept_gone(kind, entry.first)); },
      [&](const auto& before, const auto& now) {
        if (kept_content(before.second) != kept_content(now.second)) put(now);
      });
}

base::Result<void> ObjectLog::rewrite(const Rows& rows, const Kinds& kinds) {
  auto replacement = TRY(io::files::Replacement::begin(path_));
  io::files::LogEnd end;
  auto write = [&](std::string_view record) { return replacement.write(io::files::log_line(end, record)); };
  TRY(write(kept_head(node_name_)));
  for (size_t kind = 0; kind < decode::kKindCount; ++kind) {
    if (!kinds.test(kind)) continue;
    for (const auto& [key, row] : rows[kind]) TRY(write(kept_put(kind, key, kept_content(row))));
  }
  // What no full state has come of in this run is taken over; offsets are then those of another file, so that the index is made anew.
  const Kinds missing = kept_kinds() & ~kinds;
  if (missing.any())
    TRY(visit_kept_records(
        path_, index_, [&](const KeptRecord& record) { return missing.test(record.kind) ? write(record.text) : base::Result<void>(); }));
  usable_ = false;  // until it is known which of the two files is there
  TRY(replacement.commit());
  if (missing.any()) index_ = TRY(read_kept_index(path_));
  ++rewrites_;
  written_bytes_ += end.bytes;
  usable_ = true;
  end_ = end;
  live_bytes_ = end.bytes;
  remember(rows, kinds);
  return {};
}

void ObjectLog::remember(const Rows& rows, const Kinds& kinds) {
  for (size_t kind = 0; kind < decode::kKindCount; ++kind) {
    if (!kinds.test(kind)) continue;
    rows_[kind] = rows[kind];
    index_.objects[kind] = {};
  }
  known_ |= kinds;
}

uint64_t ObjectLog::most_bytes() const { return 2 * live_bytes_ + kSlackBytes; }

}  // namespace sources::api_server
