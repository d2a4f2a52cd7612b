// The CNI requests of this node's runtime as facts: each ADD is a Sandbox row, each DEL takes one away, and the plugin gets its answer
// when the engine says that the rows are in force. One thread serves RUN-DIR/agent.sock for all plugins at once.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "base/thread.h"
#include "io/kernel/found_pods.h"
#include "model/fact_sink.h"

namespace sources {

namespace cni {
class Mail;
class Attachments;
class ControlSocket;
}  // namespace cni

class CniRequests {
 public:
  struct Places {
    std::string run_dir, state_dir;  // absolute
  };
  // What is asked of the kernel, see io/kernel/found_pods.h; a test answers in its place.
  struct Kernel {
    std::function<base::Result<std::vector<model::Link>>()> links;
    std::function<base::Result<io::kernel::AddressesByLink>()> addresses;
    std::function<base::Result<std::vector<std::string>>(int netns)> links_into;
  };
  static Kernel kernel(const std::string& bpf_root);

  CniRequests(Places places, Kernel kernel, model::FactSink sink);
  ~CniRequests();

  // The caller holds the run directory. Sends one Fact with the sandboxes kept from before, which says that the source has synced, and
  // after it one for each deletion that waited on disk; then serves. May be called again after an error.
  base::Result<void> start();
  // What STATUS answers and whether ADD is accepted: an error until the first call. After start(), from any
  // thread; never blocks.
  void set_serving(base::Result<void> serving);

 private:
  base::Result<void> keep_sandboxes();
  void serve();
  void take_mail();
  void look_if_due(base::BootTime now);
  void take_serving(base::Result<void> state);

  Places places_;
  Kernel kernel_;
  model::FactSink sink_;
  std::shared_ptr<cni::Mail> mail_;
  std::unique_ptr<cni::Attachments> attachments_;
  std::unique_ptr<cni::ControlSocket> socket_;
  base::BootTime served_{0};  // as last noted for STATUS while no agent is there
  base::BootTime next_look_{0};
  bool stopped_ = false;
  base::Thread thread_;
};

}  // namespace sources
