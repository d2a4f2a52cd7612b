#include "sources/manifests/follower.h"

#include <poll.h>
#include <spdlog/spdlog.h>

namespace sources::manifests {
namespace {

constexpr int kLookAgainMs = 1000;  // for a directory that is absent, or whose path leads elsewhere now

}  // namespace

Follower::Follower(std::string directory, std::string state_dir, model::FactSink sink)
    : directory_(std::move(directory)), sink_(std::move(sink)), copies_(std::move(state_dir)) {
  status_.id = told_status_.id = model::SourceId::kObjects;
}

void Follower::run(int stop) {
  report_copies(copies_.open());
  for (;;) {
    if (!watch_) find_directory();
    pollfd waits[] = {{stop, POLLIN, 0}, {watch_ ? watch_->fd() : -1, POLLIN, 0}};
    int ready = ::poll(waits, 2, to_keep_.empty() ? kLookAgainMs : 0);
    if (waits[0].revents) break;
    if (watch_ && waits[1].revents)
      follow();
    else if (!to_keep_.empty())
      keep(to_keep_.begin());
    else if (ready == 0 && watch_ && !watch_->is_current())
      leave_directory();
  }
  leave_directory();
}

void Follower::find_directory() {
  auto watch = Watch::open(directory_);
  if (watch.ok()) {
    watch_ = std::move(*watch);
    return load_everything();
  }
  if (status_.text != watch.error().text) spdlog::warn("manifests directory={} error=\"{}\"", directory_, watch.error().text);
  status_.synced = false;
  status_.text = watch.error().text;
  restore_all();
  tell();
}

// With no directory to read, what was in force when the agent last saw it is.
void Follower::restore_all() {
  if (std::exchange(started_, true)) return;
  for (const auto& name : copies_.names())
    if (auto contents = copies_.contents(name)) collection_.put(name, std::move(*contents));
}

void Follower::load_everything() {
  auto listed = list_manifests(watch_->directory());
  if (!listed.ok()) {
    status_.synced = false;
    status_.text = directory_ + ": " + listed.error().text;
    leave_directory();
    return tell();
  }
  std::set<std::string> names(listed->begin(), listed->end());
  for (auto& name : collection_.file_names()) names.insert(std::move(name));
  for (const auto& name : copies_.names())
    if (!names.contains(name)) to_keep_[name] = std::nullopt;
  reread({names.begin(), names.end()});
}

void Follower::reread(const std::vector<std::string>& names) {
  for (auto& file : read_files(watch_->directory(), names)) take(std::move(file));
  started_ = true;
  status_.synced = true;
  status_.text.clear();
  tell();
}

void Follower::take(ReadFile file) {
  if (file.error == ENOENT) {
    collection_.remove(file.name);
    to_keep_[file.name] = std::nullopt;
    return;
  }
  bool is_broken = file.error || !file.contents.broken.empty();
  if (is_broken && !started_) {
    if (auto last_good = copies_.contents(file.name)) collection_.put(file.name, std::move(*last_good));
  }
  auto waiting = to_keep_.find(file.name);
  if (is_broken && waiting != to_keep_.end()) keep(waiting);  // the last good one, while there is something to copy it from
  if (file.error) return collection_.put_unreadable(file.name, file.error_text);
  to_keep_[file.name] = Version{file.stamp, is_broken, std::move(file.text)};
  collection_.put(file.name, std::move(file.contents));
}

void Follower::follow() {
  Touched touched = watch_->drain();
  if (touched.directory_gone && !watch_->is_current()) {
    return leave_directory();
  }
  if (touched.everything) return load_everything();
  if (!touched.names.empty()) reread({touched.names.begin(), touched.names.end()});
}

void Follower::tell() {
  model::Changes changes = collection_.changes();
  std::move(more_changes_.begin(), more_changes_.end(), std::back_inserter(changes));
  more_changes_.clear();
  if (status_.synced) status_.text = collection_.summary();
  if (status_ != told_status_) changes.push_back(model::put(status_));
  told_status_ = status_;
  if (!changes.empty()) sink_(std::move(changes));
}

void Follower::keep(std::map<std::string, std::optional<Version>>::iterator next) {
  const auto& [name, version] = *next;
  report_copies(version ? copies_.keep(watch_->directory(), name, *version) : copies_.forget(name));
  to_keep_.erase(next);
}

void Follower::leave_directory() {
  while (!to_keep_.empty()) keep(to_keep_.begin());
  watch_.reset();
}

void Follower::report_copies(const base::Result<void>& outcome) {
  std::string error = outcome.ok() ? "" : outcome.error().text;
  if (error == copies_error_) return;
  copies_error_ = error;
  if (error.empty()) {
    more_changes_.push_back(model::gone_problem(model::Origin::kStateDirectory, "manifests"));
  } else {
    spdlog::warn("manifests copies={} error=\"{}\"", copies_.path(), error);
    more_changes_.push_back(
        model::put_problem(model::Origin::kStateDirectory, "manifests",
                           {"directory " + copies_.path(), error + ": a manifest broken while the agent restarts will be lost",
                            "make the state directory writable"}));
  }
  tell();
}

}  // namespace sources::manifests
