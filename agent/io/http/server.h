// A small HTTP/1.1 server: one request a connection, each with deadlines, and as many connections as it likes, at one address or many. One
// thread reads and writes all of them and waits for none; a few workers make the answers. So who connects and says nothing, or a byte now
// and then, or takes its answer as slowly, holds nothing that another client needs.
#pragma once

#include <memory>
#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "io/http/exchange.h"
#include "io/http/message.h"

namespace io::http {

struct ServerLimits {
  size_t connections = 128;         // one more ends the one that has been asking for longest
  size_t workers = 3;               // threads; 0: answers are made at once and keep nobody waiting
  size_t queue = 32;                // requests that wait for a worker; one more gets 503
  size_t unsent_bytes = 64 << 20;   // of all answers; more end the one that has been taken for longest
  base::Millis to_ask{5'000};       // from the connection to the end of the request's head
  base::Millis to_take_it{30'000};  // from the answer's first byte to its last
};

class Server {
 public:
  explicit Server(Answer answer, ServerLimits limits = {}, Clients clients = Clients::kOwnNode);
  ~Server();  // stops

  // Binds "ADDRESS:PORT" ("[::1]:80" for IPv6, port 0 takes a free one), answers from then on, and returns the port. For each address.
  base::Result<int> start(const std::string& address);
  void stop(const std::string& address);  // nobody is let in there any more
  void stop();                            // at all

 private:
  class Loop;
  Answer answer_;
  ServerLimits limits_;
  Clients clients_;
  std::unique_ptr<Loop> loop_;
};

}  // namespace io::http
