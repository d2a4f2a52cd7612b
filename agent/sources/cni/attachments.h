// Which sandboxes the runtime believes in, and who waits for what: turns requests into facts and the engine's answers into replies.
// Everything here runs on the serving thread. Invariant: per sandbox at most one fact waits for the engine's answer.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/fd.h"
#include "base/result.h"
#include "io/cni/deletion_queue.h"
#include "io/cni/message.h"
#include "model/fact_sink.h"
#include "sources/cni/control_socket.h"
#include "sources/cni/mail.h"

namespace sources::cni {

class Attachments {
 public:
  struct Outside {
    model::FactSink sink;
    std::shared_ptr<Mail> mail;                                        // where the engine's answers come back
    std::function<bool(ConnectionId, const io::cni::Reply&)> respond;  // false: nobody is there to hear it
    std::function<bool(const std::string& sandbox)> recorded;          // a record of it is on disk
    // Names of the pod links that end in that network namespace.
    std::function<base::Result<std::vector<std::string>>(int netns)> links_into;
    std::string queue;  // directory of deletions
  };
  explicit Attachments(Outside outside) : outside_(std::move(outside)) {}

  // A sandbox from before this process; its row is the caller's to send.
  void keep(const model::Sandbox& sandbox);
  void request(ConnectionId connection, const io::cni::Request& request, base::Fd netns);
  void hung_up(ConnectionId connection);
  void settled(const Settled& settled);
  void set_serving(base::Result<void> serving) { serving_ = std::move(serving); }
  // The pod links that there are. A sandbox that has been without its link for a grace is taken to have lost its namespace, which takes
  // the link along, and ends as by DEL.
  void look_for_lost(const std::set<std::string>& links, base::BootTime now);
  // Starts each deletion that waits on disk and is not under way.
  void apply_queue();

 private:
  enum class State : uint8_t { kAdding, kAttached, kLeaving };
  struct Attachment {
    State state = State::kAdding;
    std::vector<base::Ip> addresses;          // kAttached
    std::string link;                         // kAttached: its name on the node, "" for one whose link was not found
    std::optional<base::BootTime> lost;       // kAttached: since when the link is missing
    std::shared_ptr<base::Fd> netns;          // kAdding
    uint64_t ticket = 0;                      // of the fact that waits, kAdding and kLeaving
    ConnectionId adder = 0;                   // kAdding
    std::vector<ConnectionId> deleters;       // kLeaving: plugins that wait for the end
    std::optional<io::cni::Deletion> queued;  // kLeaving: the file to remove at the end
  };

  void add(ConnectionId connection, const io::cni::Request& request, base::Fd netns);
  // Another sandbox whose interface of that name is in the namespace; "": none.
  base::Result<std::string> holder_of(int netns, const std::string& ifname) const;
  void check(ConnectionId connection, const std::string& key);
  Attachment& leave(const std::string& key);
  void added(const std::string& key, Attachment& attachment, const base::Result<model::SandboxReply>& reply);
  void left(const std::string& key, Attachment& attachment, const base::Result<model::SandboxReply>& reply);
  uint64_t send(model::RowChange<model::Sandbox> change);
  void refuse(ConnectionId connection, io::cni::Code code, std::string msg);

  Outside outside_;
  base::Result<void> serving_ = base::Error{EAGAIN, "ichor-agent is starting"};
  std::map<std::string, Attachment> attachments_;  // by Sandbox key
  std::map<uint64_t, std::string> waiting_;        // ticket -> key
  uint64_t next_ticket_ = 1;
};

}  // namespace sources::cni
