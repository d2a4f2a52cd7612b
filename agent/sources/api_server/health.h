// How the source is, in words: its SourceStatus row, and the problems that are the server's or the node's rather than an object's.
#pragma once

#include <array>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "sources/api_server/collection.h"

namespace sources::api_server {

class Health {
 public:
  explicit Health(std::string server) : server_(std::move(server)) {}

  void begin(base::BootTime now);  // from when on nothing is watched
  void take(size_t kind, const Event& event, base::BootTime now);
  // A request for this kind has failed, whatever came later.
  bool has_failed(size_t kind) const { return kinds_[kind].failed; }
  // What became of the file of the kept state.
  void file_problem(std::optional<model::Problem> problem) { file_problem_ = std::move(problem); }

  // What is different from the last time it was asked. `kept_age`: seconds since the kept state was changed, of which rows may stand in.
  std::vector<model::Change> changes(const Collection& collection, std::optional<int64_t> kept_age, base::BootTime now);
  // When it has something else to say although nothing happens.
  std::optional<base::BootTime> next_change(base::BootTime now) const;

 private:
  struct Kind {
    std::optional<Trouble> trouble;                                 // of the last request
    bool failed = false;                                            // ever
    bool answers = false;                                           // whatever it is: the last request was not for nothing
    std::optional<base::BootTime> watching_since, unwatched_since;  // a watch that breaks at once has not ended the time without one
  };
  bool is_unwatched(size_t kind, base::BootTime now) const;
  bool server_answers() const;
  std::string unwatched(base::BootTime now) const;
  model::SourceStatus status(const Collection& collection, std::optional<int64_t> kept_age, base::BootTime now) const;
  std::map<std::string, model::Problem> problems(const model::SourceStatus& status, std::optional<int64_t> kept_age,
                                                 base::BootTime now) const;
  std::string troubles() const;
  std::string why() const;  // troubles, or that there are none

  std::string server_;
  std::array<Kind, decode::kKindCount> kinds_;
  std::optional<model::Problem> file_problem_;
  std::optional<model::SourceStatus> reported_status_;
  std::map<std::string, model::Problem> reported_problems_;
};

}  // namespace sources::api_server
