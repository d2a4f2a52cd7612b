// One TLS connection over TCP, never blocked for longer than its caller wants, and ended at any moment by a Stop.
#pragma once

#include <algorithm>
#include <atomic>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/fd.h"
#include "base/ip.h"
#include "base/result.h"
#include "io/kube/tls.h"

namespace io::kube {

// Then a patience that began now ends; a day at most, so that sums of times cannot overflow.
inline base::BootTime after(base::Millis patience) { return base::boot_now() + std::min<base::Millis>(patience, std::chrono::hours(24)); }

// Once requested it stays so: what waits ends, and nothing waits any more. request() is for any thread.
class Stop {
 public:
  Stop();

  void request();
  bool requested() const { return requested_.load(std::memory_order_acquire); }
  int fd() const { return event_.get(); }  // readable from then on

 private:
  std::atomic<bool> requested_{false};
  base::Fd event_;
};

struct Peer {
  base::Ip ip;
  uint16_t port = 0;
  std::string name;  // what its certificate must be for
};

// Errors: ECANCELED by the Stop, ETIMEDOUT, EPIPE when the peer went away, EKEYEXPIRED and EKEYREJECTED as in tls::distrust, what
// connect(2) says, EPROTO for the rest of TLS.
class Stream {
 public:
  // `stop` must outlive the stream. A few seconds at most for each of TCP and TLS.
  static base::Result<Stream> open(const Peer& peer, SSL_CTX* context, const Stop& stop);

  // At least one byte, or 0 when the peer said that it has no more to say.
  base::Result<size_t> read(char* to, size_t size, base::Millis silence);
  base::Result<void> write(std::string_view bytes, base::Millis silence);
  // Open at both ends with nothing to read, so that it can carry another request.
  bool idle();
  // Tells the peer, if that takes no time.
  void say_goodbye();

 private:
  Stream(base::Fd socket, tls::Session session, const Stop& stop);

  base::Result<void> shake_hands(const std::string& name);
  base::Result<void> wait(int returned, base::BootTime until);
  base::Error last_words(const base::Error& error);

  base::Fd socket_;
  tls::Session session_;
  const Stop* stop_;
};

}  // namespace io::kube
