// The agent's HTTP endpoint. It reads what the engine published and never waits for it.
#pragma once

#include <functional>
#include <string>

#include "base/result.h"
#include "io/http/server.h"
#include "model/published_cell.h"
#include "status/listing.h"
#include "status/use_cache.h"

namespace status {

class Server {
 public:
  // `alive` says whether the engine's loop turns; it is called on any thread. Cell and cache outlive the server.
  Server(std::string address, const model::PublishedCell& cell, std::function<bool()> alive, UseCache& use);

  base::Result<void> start();
  void stop();
  int port() const { return port_; }  // bound one, after start

 private:
  std::string address_;
  KernelMaps kernel_;
  io::http::Server server_;
  int port_ = 0;
};

}  // namespace status
