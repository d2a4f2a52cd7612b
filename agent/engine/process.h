// What lives as long as the process, whatever becomes of the engine: the mailbox, the signals, the watchdog, and the HTTP endpoint with
// what it shows. So /status answers before anything else has been tried, and while the agent waits for what it cannot begin without.
#pragma once

#include <signal.h>

#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/mailbox.h"
#include "engine/watchdog.h"
#include "model/fact.h"
#include "model/published_cell.h"
#include "status/server.h"

namespace engine {

// A fact, or nothing: the request to stop.
using Letter = std::optional<model::Fact>;

class Process {
 public:
  // Blocks SIGTERM and SIGINT in this thread and those it makes from then on; either is a request to stop.
  explicit Process(const std::string& http_address);
  ~Process();

  // What has come, at the latest at that time; earlier with nothing while the HTTP address is still to be had. One turn of the watchdog.
  std::vector<Letter> take(base::BootTime until);
  void push(model::Fact fact) { mailbox_.push(std::move(fact)); }  // from any thread

  model::PublishedCell& cell() { return cell_; }
  base::BootTime started() const { return started_; }

 private:
  void await_signals();
  void serve();

  sigset_t signals_;  // first: the members after it make threads
  base::BootTime started_;
  base::Mailbox<Letter> mailbox_;
  model::PublishedCell cell_;
  Watchdog watchdog_;
  status::Server server_;
  bool serving_ = false, told_ = false;
  std::jthread signal_thread_;  // last: it ends before what it speaks to
};

}  // namespace engine
