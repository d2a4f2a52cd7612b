// The thread in the middle of the source: what the watchers told becomes facts, in the order in which they told it; it knows when rows of
// the kept state must stand in, and when the state is to be kept anew.
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
  struct Told {
    size_t kind;
    Events events;
  };
  struct Kept {
    base::Result<void> outcome;
  };
  struct Stop {};
  using Letter = std::variant<Told, Kept, Stop>;

  Collector(Setup setup, model::FactSink sink);

  base::Result<void> start();  // the keeper's thread
  void push(Letter letter) { mailbox_.push(std::move(letter)); }
  void run();  // until Stop

 private:
  void fold(Told told);
  void fold(const Kept& kept);
  void fold(const Stop&) { stopped_ = true; }
  void stand_in(base::BootTime now);
  void load();
  void tell();
  void keep_if_due(base::BootTime now);
  base::BootTime keep_at() const;  // while changed_
  void keep();
  bool all_complete() const;
  std::optional<base::BootTime> next_wake() const;

  Setup setup_;
  model::FactSink sink_;
  base::Mailbox<Letter> mailbox_;
  Collection collection_;
  Health health_;
  Keeper keeper_;
  base::BootTime started_{};
  bool stopped_ = false;

  bool loaded_ = false;             // the kept state, or that there is none
  std::optional<KeptState> kept_;   // while it may be needed
  std::optional<int64_t> kept_at_;  // seconds since the epoch

  uint64_t kept_revision_ = 0;    // of the collection, when it was last handed to the keeper
  bool keeps_ = false;            // in this run
  bool kept_in_trouble_ = false;  // since the server was last without any
  base::BootTime kept_when_{};
  std::optional<base::BootTime> changed_;  // since then, first
};

}  // namespace sources::api_server
