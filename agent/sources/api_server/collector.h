// The thread in the middle of the source: what the watchers report becomes facts, in the order of the reports; it knows when rows of
// the kept state must stand in, and when what changed is to be kept.
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/mailbox.h"
#include "model/fact_sink.h"
#include "sources/api_server/collection.h"
#include "sources/api_server/health.h"
#include "sources/api_server/keeper.h"

namespace sources::api_server {

class Collector {
 public:
  struct Setup {
    std::string server;  // for people
    std::string node_name;
    std::string state_file;  // STATE-DIR/objects
  };
  struct Reported {
    size_t kind;
    Events events;
  };
  struct Kept {
    base::Result<bool> outcome;  // of ObjectLog::keep()
  };
  struct Stop {};
  using Message = std::variant<Reported, Kept, Stop>;

  Collector(Setup setup, model::FactSink sink);

  base::Result<void> start();  // the keeper's thread
  void push(Message message) { mailbox_.push(std::move(message)); }
  void run();  // until Stop

 private:
  void fold(Reported reported);
  void fold(const Kept& kept);
  void fold(const Stop&) { stopped_ = true; }
  bool is_away(size_t kind, base::BootTime now) const;
  void stand_in(base::BootTime now);
  void load();
  void report(base::BootTime now);
  Kinds whole() const;
  bool has_unkept() const;
  base::BootTime keep_at() const;  // while unkept_since_
  void keep_if_due(base::BootTime now);
  void keep();
  bool all_complete() const;
  std::optional<base::BootTime> next_wake() const;

  Setup setup_;
  model::FactSink sink_;
  base::Mailbox<Message> mailbox_;
  Collection collection_;
  Health health_;
  Keeper keeper_;
  base::BootTime started_{};
  bool stopped_ = false;

  bool loaded_ = false;             // the kept state, or that there is none
  std::optional<KeptState> kept_;   // while it may be needed
  std::optional<int64_t> kept_at_;  // seconds since the epoch

  uint64_t given_revision_ = 0;  // of the collection, when it was last given to the keeper
  Kinds given_kinds_;
  bool keep_failed_ = false;
  base::BootTime keep_not_before_{};
  std::optional<base::BootTime> unkept_since_;
};

}  // namespace sources::api_server
