// What lives as long as the process, whatever becomes of the engine: the mailbox, the signals, the watchdog, and the HTTP endpoint with
// what it shows. So /status answers before anything else has been tried, and while the agent waits for what it cannot begin without.
#pragma once

#include <signal.h>

#include <atomic>
#include <optional>
#include <string>
#include <vector>

#include "base/mailbox.h"
#include "base/thread.h"
#include "engine/watchdog.h"
#include "model/fact_sink.h"
#include "model/published_cell.h"
#include "status/server.h"

namespace engine {

// A fact, or nothing: the request to stop.
using Message = std::optional<model::Fact>;

class Process {
 public:
  // Blocks SIGTERM and SIGINT in this thread and those it makes from then on; either is a request to stop.
  explicit Process(const std::string& http_address);
  ~Process();

  // What has come, at the latest at that time; earlier with nothing while the HTTP address is still to be had. One turn of the watchdog.
  std::vector<Message> take(base::BootTime until);
  // A life of the engine begins: where its sources put facts, from any thread. What earlier ones put and nobody took is dropped.
  model::FactSink begin_life();

  model::PublishedCell& cell() { return cell_; }
  status::UseCache& use() { return use_; }
  base::BootTime started() const { return started_; }
  bool alive() const { return watchdog_.alive(); }  // any thread: the engine's loop turns

 private:
  struct Addressed {
    uint64_t life = 0;
    Message message;
  };

  // Each is tried again at every take() until it has succeeded: at the start the machine may have no thread to give.
  bool begin();
  base::Result<void> await_signals();
  base::Result<void> serve();

  sigset_t signals_;  // first: the members after it make threads
  base::BootTime started_;
  base::Mailbox<Addressed> mailbox_;
  uint64_t life_ = 0;
  model::PublishedCell cell_;
  Watchdog watchdog_;
  status::UseCache use_;
  status::Server server_;
  bool serving_ = false;
  std::string reported_;  // why it has not all begun
  std::atomic<bool> ending_ = false;
  base::Thread signal_thread_;
};

}  // namespace engine
