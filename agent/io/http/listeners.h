// Listening TCP sockets behind one descriptor: any thread opens and closes them while another accepts.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <string>

#include "base/fd.h"
#include "base/result.h"

namespace io::http {

class Listeners {
 public:
  struct Arrival {
    base::Fd socket;
    std::string listener;  // as it was opened
  };

  Listeners();

  // "ADDRESS:PORT", "[::1]:80" for IPv6; port 0 takes a free one. Returns the port. `[::]` is IPv6 alone.
  base::Result<int> open(const std::string& address);
  void close(const std::string& address);  // the port is free when it returns
  // Readable while somebody waits at one of them.
  int ready() const { return epoll_.get(); }
  // The next who waits, each listener in its turn. EAGAIN: nobody does.
  base::Result<Arrival> accept();

 private:
  struct Listener {
    std::string address;
    base::Fd socket;
  };

  base::Fd epoll_;
  std::mutex mutex_;
  std::map<uint64_t, Listener> listeners_;  // by a number that is never used again, which is what epoll knows
  uint64_t next_ = 1;
};

}  // namespace io::http
