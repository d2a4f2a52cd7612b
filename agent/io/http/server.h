// A small HTTP/1.1 server for GET: one request a connection, so that no idle client can hold a worker.
#pragma once

#include <memory>
#include <string>

#include "base/result.h"
#include "io/http/message.h"

namespace io::http {

class Server {
 public:
  explicit Server(Answer answer);
  ~Server();  // stops

  // Binds "ADDRESS:PORT" ("[::1]:80" for IPv6, port 0 takes a free one), answers from then on, and returns the port.
  base::Result<int> start(const std::string& address);
  void stop();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace io::http
