#include "sources/manifests/collection.h"

#include <algorithm>

#include "sources/decode/row_change.h"

namespace sources::manifests {
namespace {

using decode::Object;
using decode::ObjectId;
using decode::ObjectRow;

constexpr size_t kReportedProblems = 20;  // per file: who has more looks into the file first
constexpr const char* kMend = "correct it; what it said before, if anything, stays in force until then";

// What the file holds from now on: what is good in it, and of what it held that which is broken now or may be.
std::vector<ObjectId> held(const std::vector<ObjectId>& before, const std::vector<ObjectId>& good, const decode::Contents& contents) {
  std::vector<ObjectId> broken;
  bool unidentified = false;
  for (const auto& part : contents.broken) {
    if (part.id) broken.push_back(*part.id);
    unidentified |= !part.id;
  }
  std::sort(broken.begin(), broken.end());
  std::vector<ObjectId> kept, all;
  if (unidentified)
    kept = before;
  else
    std::set_intersection(before.begin(), before.end(), broken.begin(), broken.end(), std::back_inserter(kept));
  std::set_union(good.begin(), good.end(), kept.begin(), kept.end(), std::back_inserter(all));
  return all;
}

}  // namespace

void Collection::put(const std::string& file, decode::Contents contents) {
  File& entry = files_[file];
  File now;
  now.unread = std::move(contents.unread);
  report_broken(file, contents, now);
  std::stable_sort(contents.objects.begin(), contents.objects.end(), [](const Object& a, const Object& b) { return a.id < b.id; });
  std::vector<ObjectId> good;
  for (auto& object : contents.objects) {
    if (!good.empty() && good.back() == object.id) {
      now.problems.push_back(object.position);
      set_problem(object.position,
                  model::Problem{to_string(object.id), object.position + ": this file has it twice; the first one is in force",
                                 "remove one of them"});
      continue;
    }
    good.push_back(object.id);
    report_left_out(file, object, now);
    claim(file, std::move(object));
  }
  now.objects = held(entry.objects, good, contents);
  std::vector<ObjectId> left;
  std::set_difference(entry.objects.begin(), entry.objects.end(), now.objects.begin(), now.objects.end(), std::back_inserter(left));
  for (const auto& id : left) disclaim(file, id);
  for (const auto& key : entry.problems)
    if (std::find(now.problems.begin(), now.problems.end(), key) == now.problems.end()) set_problem(key, std::nullopt);
  count_unread(entry, now);
  entry = std::move(now);
}

void Collection::put_unreadable(const std::string& file, const std::string& why) {
  decode::Contents contents;
  contents.broken.push_back({file, std::nullopt, why});
  contents.unread = files_[file].unread;
  put(file, std::move(contents));
}

void Collection::remove(const std::string& file) {
  if (!files_.contains(file)) return;
  put(file, {});
  files_.erase(file);
}

std::vector<std::string> Collection::file_names() const {
  std::vector<std::string> names;
  for (const auto& [name, file] : files_) names.push_back(name);
  return names;
}

std::string Collection::summary() const {
  auto counted = [](size_t count, const char* noun) { return std::to_string(count) + " " + noun + (count == 1 ? "" : "s"); };
  return counted(files_.size(), "file") + ", " + counted(objects_.size(), "object");
}

void Collection::claim(const std::string& file, Object object) {
  std::string_view name = files_.find(file)->first;
  auto& claims = objects_[object.id].claims;
  auto place =
      std::lower_bound(claims.begin(), claims.end(), name, [](const Claim& claim, std::string_view at) { return claim.file < at; });
  if (place == claims.end() || place->file != name) place = claims.insert(place, {name, {}, {}});
  place->row = std::move(object.row);
  place->position = std::move(object.position);
  if (claims.size() > 1) report_duplicates(object.id);
  touched_.push_back(std::move(object.id));
}

void Collection::disclaim(const std::string& file, const ObjectId& id) {
  auto& claims = objects_[id].claims;
  std::erase_if(claims, [&](const Claim& claim) { return claim.file == file; });
  set_problem(file + " " + to_string(id), std::nullopt);
  report_duplicates(id);
  touched_.push_back(id);
}

void Collection::set_problem(const std::string& key, std::optional<model::Problem> problem) {
  if (!problem && !problems_.contains(key)) return;
  touched_problems_.insert(key);
  if (problem)
    problems_[key] = std::move(*problem);
  else
    problems_.erase(key);
}

void Collection::report_broken(const std::string& file, const decode::Contents& contents, File& now) {
  for (const auto& part : contents.broken) {
    bool last = now.problems.size() == kReportedProblems;
    std::string key = last ? file + " and more" : part.position;
    now.problems.push_back(key);
    if (last) {
      set_problem(key,
                  model::Problem{"file " + file, std::to_string(contents.broken.size() - kReportedProblems) + " more are broken", kMend});
      return;
    }
    set_problem(key, part.id ? model::Problem{to_string(*part.id), part.position + ": " + part.text, kMend}
                             : model::Problem{"file " + part.position, part.text, kMend});
  }
}

void Collection::report_left_out(const std::string& file, const Object& object, File& now) {
  if (object.left_out.empty() || now.problems.size() > kReportedProblems) return;
  bool last = now.problems.size() == kReportedProblems;
  std::string key = last ? file + " and more" : object.position + " left out";
  now.problems.push_back(key);
  set_problem(key, last ? model::Problem{"file " + file, "more objects have parts that are left out", "correct those named first"}
                        : decode::left_out_problem(object.id, object.position + ": " + object.left_out));
}

void Collection::report_duplicates(const ObjectId& id) {
  const auto& claims = objects_[id].claims;
  for (const auto& claim : claims) {
    std::string key = std::string(claim.file) + " " + to_string(id);
    if (claims.size() == 1) {
      set_problem(key, std::nullopt);
      continue;
    }
    const Claim& other = &claim == &claims[0] ? claims[1] : claims[0];
    std::string text =
        claim.position + ": also in " + other.position + "; " + std::string(claims[0].file) + " is in force, as its name sorts first";
    set_problem(key, model::Problem{to_string(id), std::move(text), "keep it in one file"});
  }
}

void Collection::count_unread(const File& was, const File& now) {
  for (const auto& [kind, count] : was.unread) {
    unread_[kind] -= count;
    if (unread_[kind] == 0) unread_.erase(kind);
  }
  for (const auto& [kind, count] : now.unread) unread_[kind] += count;
}

std::vector<model::Change> Collection::changes() {
  std::vector<model::Change> changes;
  object_changes(changes);
  problem_changes(changes);
  unread_changes(changes);
  return changes;
}

void Collection::object_changes(std::vector<model::Change>& changes) {
  std::sort(touched_.begin(), touched_.end());
  touched_.erase(std::unique(touched_.begin(), touched_.end()), touched_.end());
  for (const auto& id : touched_) {
    auto found = objects_.find(id);
    Entry& entry = found->second;
    if (entry.claims.empty()) {
      if (entry.reported) changes.push_back(decode::gone_change(id.key, *entry.reported));
      objects_.erase(found);
      continue;
    }
    const ObjectRow& row = entry.claims.front().row;
    if (!entry.reported || !decode::same(*entry.reported, row)) changes.push_back(decode::put_change(id.key, row));
    entry.reported = row;
  }
  touched_.clear();
}

void Collection::problem_changes(std::vector<model::Change>& changes) {
  for (const auto& key : touched_problems_) {
    auto now = problems_.find(key), reported = reported_problems_.find(key);
    if (now == problems_.end()) {
      if (reported == reported_problems_.end()) continue;
      changes.push_back(model::gone_problem(model::Origin::kObjects, key));
      reported_problems_.erase(reported);
    } else if (reported == reported_problems_.end() || reported->second != now->second) {
      changes.push_back(model::put_problem(model::Origin::kObjects, key, now->second));
      reported_problems_[key] = now->second;
    }
  }
  touched_problems_.clear();
}

void Collection::unread_changes(std::vector<model::Change>& changes) {
  for (const auto& [kind, count] : unread_) {
    auto reported = reported_unread_.find(kind);
    if (reported == reported_unread_.end() || reported->second != count)
      changes.push_back(model::put(kind, model::UnreadKind{kind, count}));
  }
  for (const auto& [kind, count] : reported_unread_)
    if (!unread_.contains(kind)) changes.push_back(model::gone<model::UnreadKind>(kind));
  reported_unread_ = unread_;
}

}  // namespace sources::manifests
