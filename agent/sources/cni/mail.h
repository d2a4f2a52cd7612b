// What other threads tell the one that serves plugins: a mailbox with a descriptor that poll(2) can wait for.
#pragma once

#include <cstdint>
#include <memory>
#include <variant>
#include <vector>

#include "base/fd.h"
#include "base/mailbox.h"
#include "model/fact.h"

namespace sources::cni {

// The engine's word on the fact that was sent with this ticket.
struct Settled {
  uint64_t ticket = 0;
  base::Result<model::SandboxReply> reply;
};
struct Serving {
  base::Result<void> state;
};
struct Stop {};

class Mail {
 public:
  using Message = std::variant<Settled, Serving, Stop>;

  static base::Result<std::shared_ptr<Mail>> open();
  explicit Mail(base::Fd arrived) : arrived_(std::move(arrived)) {}

  void push(Message message);
  // Readable while there is something to take.
  int descriptor() const { return arrived_.get(); }
  // Never waits.
  std::vector<Message> take();

 private:
  base::Mailbox<Message> messages_;
  base::Fd arrived_;
};

}  // namespace sources::cni
