// The maps behind Services in memory, shared by "restarts": what a program would read.
#pragma once

#include <cstring>
#include <map>
#include <memory>
#include <string>
#include <tuple>
#include <vector>

#include "io/service_maps.h"

namespace support {

struct ServiceMemory {
  io::ServiceMaps::Sizes sizes{64, 256, 128};
  std::map<std::string, std::pair<frontend_key, uint32_t>> frontends;
  std::map<uint32_t, service_handle> handles;
  std::map<uint32_t, uint32_t> slots;
  std::map<uint32_t, struct backend> backends;
  std::map<uint32_t, uint32_t> affinity_seconds;
  uint64_t handle_stores = 0;
  std::vector<std::string> writes;  // names of what was written, in order
  int fail_after = -1;              // writes that succeed before one fails; -1: none fails

  bool fails() { return fail_after >= 0 && fail_after-- == 0; }
  base::Result<void> write(const char* what) {
    if (fails()) return base::Error{ENOMEM, "no memory"};
    writes.emplace_back(what);
    return {};
  }
};

class MemoryServiceMaps : public io::ServiceMaps {
 public:
  explicit MemoryServiceMaps(ServiceMemory& memory) : memory_(memory) {}

  base::Result<Sizes> open() override { return memory_.sizes; }
  base::Result<std::vector<std::pair<frontend_key, uint32_t>>> frontends() override {
    std::vector<std::pair<frontend_key, uint32_t>> all;
    for (const auto& [text, entry] : memory_.frontends) all.push_back(entry);
    return all;
  }
  base::Result<void> put_frontend(const frontend_key& key, uint32_t service) override {
    TRY(memory_.write("frontend"));
    memory_.frontends[text(key)] = {key, service};
    return {};
  }
  base::Result<void> erase_frontend(const frontend_key& key) override {
    TRY(memory_.write("erased frontend"));
    memory_.frontends.erase(text(key));
    return {};
  }
  base::Result<service_handle> handle(uint32_t service) override { return memory_.handles[service]; }
  base::Result<void> set_handle(uint32_t service, service_handle handle) override {
    TRY(memory_.write("handle"));
    ++memory_.handle_stores;
    memory_.handles[service] = handle;
    return {};
  }
  base::Result<uint32_t> slot(uint32_t index) override { return memory_.slots[index]; }
  base::Result<void> set_slot(uint32_t index, uint32_t backend) override {
    TRY(memory_.write("slot"));
    memory_.slots[index] = backend;
    return {};
  }
  base::Result<struct backend> backend(uint32_t index) override { return memory_.backends[index]; }
  base::Result<void> set_backend(uint32_t index, const struct backend& value) override {
    TRY(memory_.write("backend"));
    memory_.backends[index] = value;
    return {};
  }
  base::Result<uint32_t> affinity_seconds(uint32_t service) override { return memory_.affinity_seconds[service]; }
  base::Result<void> set_affinity_seconds(uint32_t service, uint32_t seconds) override {
    TRY(memory_.write("affinity seconds"));
    memory_.affinity_seconds[service] = seconds;
    return {};
  }

 private:
  static std::string text(const frontend_key& key) { return {reinterpret_cast<const char*>(&key), sizeof key}; }

  ServiceMemory& memory_;
};

}  // namespace support
