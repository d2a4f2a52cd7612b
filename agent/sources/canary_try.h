// One connection of the canary: from a socket to the Service and the greeting read, without ever blocking. Used by sources/canary only.
#pragma once

#include <optional>
#include <string>

#include "base/fd.h"
#include "base/result.h"

namespace sources {

class CanaryTry {
 public:
  // Begins to connect, by a socket of that control group and network namespace (-1: the caller's). `from` names the place in errors,
  // `greeting` is what must come.
  CanaryTry(std::string from, int cgroup, int netns, std::string greeting);

  int fd() const { return outcome_ ? -1 : socket_.get(); }  // -1: nothing to wait for
  short events() const;                                     // for poll(2)
  void advance();                                           // after poll has seen one of them
  void give_up();                                           // time is up

  // The end: "" for success, else what failed.
  const std::optional<std::string>& outcome() const { return outcome_; }

 private:
  base::Result<void> begin(int cgroup, int netns);
  void fail(const std::string& what) { outcome_ = from_ + ": " + what; }
  void read_greeting();

  std::string from_, greeting_, received_;
  base::Fd socket_;
  bool connected_ = false;
  std::optional<std::string> outcome_;
};

}  // namespace sources
