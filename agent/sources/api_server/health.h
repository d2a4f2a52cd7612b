// How the source is, in words: its SourceStatus row, and the problems that are the server's or the node's rather than an object's.
#pragma once

#include <array>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "sources/api_server/collection.h"

namespace sources::api_server {

class Health {
 public:
  explicit Health(std::string server) : server_(std::move(server)) {}

  void take(size_t kind, const Event& event);
  // A request for this kind has failed, whatever came later.
  bool has_failed(size_t kind) const { return failed_[kind]; }
  bool in_trouble() const;
  // What became of the file of the kept state.
  void file_problem(std::optional<model::Problem> problem) { file_problem_ = std::move(problem); }

  // What is different from the last time it was asked. `kept_age`: seconds since the kept state was written, of which rows may stand in.
  std::vector<model::Change> changes(const Collection& collection, std::optional<int64_t> kept_age);

 private:
  model::SourceStatus status(const Collection& collection, std::optional<int64_t> kept_age) const;
  std::map<std::string, model::Problem> problems(const model::SourceStatus& status, std::optional<int64_t> kept_age) const;
  std::string troubles() const;

  std::string server_;
  std::array<std::optional<Trouble>, decode::kKindCount> troubles_;
  std::array<bool, decode::kKindCount> failed_{};
  std::optional<model::Problem> file_problem_;
  std::optional<model::SourceStatus> told_status_;
  std::map<std::string, model::Problem> told_problems_;
};

}  // namespace sources::api_server
