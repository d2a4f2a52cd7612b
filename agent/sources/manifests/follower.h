// The thread behind Manifests: watches the directory, keeps the Collection and tells the sink what changed. When the directory cannot
// be read, everything stays in force and the source counts as not synced.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "model/fact_sink.h"
#include "sources/manifests/collection.h"
#include "sources/manifests/kept_copies.h"
#include "sources/manifests/watch.h"

namespace sources::manifests {

class Follower {
 public:
  Follower(std::string directory, std::string state_dir, model::FactSink sink);

  void run(int stop);  // until `stop` is readable

 private:
  void find_directory();
  void load_everything();
  void reread(const std::vector<std::string>& names);
  void take(ReadFile file);
  void restore_all();
  void follow();
  void tell();
  void keep(std::map<std::string, std::optional<Version>>::iterator next);
  void leave_directory();
  void report_copies(const base::Result<void>& outcome);

  std::string directory_;
  model::FactSink sink_;
  Collection collection_;
  KeptCopies copies_;
  std::optional<Watch> watch_;
  std::map<std::string, std::optional<Version>> to_keep_;  // nullopt: to be forgotten; empty without watch_
  std::vector<model::Change> more_changes_;                // beside the collection's
  model::SourceStatus status_, told_status_;
  std::string copies_error_;
  bool started_ = false;  // something, be it from copies, is in the collection
};

}  // namespace sources::manifests
