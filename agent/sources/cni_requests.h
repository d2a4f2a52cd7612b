// The CNI requests of this node's runtime as facts: each ADD is a Sandbox row, each DEL takes one away, and the plugin gets its answer
// when the engine says that the rows are in force. One thread serves RUN-DIR/agent.sock for all plugins at once.
#pragma once

#include <memory>
#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "base/thread.h"
#include "model/fact_sink.h"

namespace sources {

namespace cni {
class Mail;
class Attachments;
class ControlSocket;
}  // namespace cni

class CniRequests {
 public:
  // Both directories absolute.
  CniRequests(std::string run_dir, std::string state_dir, model::FactSink sink);
  ~CniRequests();

  // The caller holds the run directory. Sends one Fact with the sandboxes kept from before, which says that the source has synced, and
  // after it one for each deletion that waited on disk; then serves. May be called again after an error.
  base::Result<void> start();
  // What STATUS answers and whether ADD is accepted: an error until the first call. After start(), from any
  // thread; never blocks.
  void set_serving(base::Result<void> serving);

 private:
  base::Result<void> keep_records();
  void serve();
  void take_serving(base::Result<void> state);

  std::string run_dir_, state_dir_;
  model::FactSink sink_;
  std::shared_ptr<cni::Mail> mail_;
  std::unique_ptr<cni::Attachments> attachments_;
  std::unique_ptr<cni::ControlSocket> socket_;
  base::BootTime served_{0};  // as last noted for STATUS while no agent is there
  base::Thread thread_;
};

}  // namespace sources
