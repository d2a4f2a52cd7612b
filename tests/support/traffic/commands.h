// The verbs of ichor-traffic. Each prints one JSON object a line and returns the exit code.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <vector>

namespace traffic {

// Set by SIGINT and SIGTERM: what runs ends, and reports.
extern std::atomic<bool> stopping;

struct Options {
  std::string name = "unnamed";  // serve: what answers call themselves
  std::string bind;              // serve: an address; empty: all, both families
  int port = 8080;               // serve: TCP and UDP
  bool udp = false;              // ask
  bool mapped = false;           // IPv4 by AF_INET6 sockets
  bool unconnected = false;      // ask: UDP by sendto, without connect
  int timeout_ms = 3000;         // ask: for each step of a request
  int count = 1;                 // ask: requests; with more than one, only the tally is printed
  double seconds = 0;            // flows, download: 0 is until a signal comes
  uint64_t bytes = 0;            // download: 0 is without end; ask: size of the datagram and its answer
  int interval_ms = 10;          // flows: between two numbers
  std::vector<std::string> targets;
};

int serve(const Options& options);
int ask(const Options& options);
int flows(const Options& options);
int download(const Options& options);

}  // namespace traffic
