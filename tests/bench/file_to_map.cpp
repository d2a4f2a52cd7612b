// Replaces EndpointSlice files of a running agent, one after another, each by rename, and prints the milliseconds until the pinned
// maps lead from the Service to the new endpoint, as a JSON array. The directory is one that generate.py made, in the form json.
// usage: bench_file_to_map MAPS-DIRECTORY MANIFESTS SERVICES COUNT
#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <netinet/in.h>
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "abi/services.h"

namespace {

constexpr auto kPatience = std::chrono::seconds(10);

struct Array {
  const char* bytes = nullptr;
  uint32_t entries = 0;
};

struct Maps {
  int frontends = -1;
  Array sets, slots, backends;
};

// A mmapable array's values lie one behind the other, each rounded up to 8 bytes.
std::optional<Array> map_array(const std::string& path) {
  int fd = bpf_obj_get(path.c_str());
  bpf_map_info facts = {};
  uint32_t length = sizeof facts;
  if (fd < 0 || bpf_map_get_info_by_fd(fd, &facts, &length) != 0) return std::nullopt;
  size_t size = (facts.value_size + 7) / 8 * 8 * static_cast<size_t>(facts.max_entries);
  size_t page = sysconf(_SC_PAGESIZE);
  void* memory = mmap(nullptr, (size + page - 1) / page * page, PROT_READ, MAP_SHARED, fd, 0);
  if (memory == MAP_FAILED) return std::nullopt;
  return Array{static_cast<const char*>(memory), facts.max_entries};
}

ip_addr mapped(const std::string& text) {
  ip_addr address{};
  address.words_be[2] = htonl(0xffff);
  inet_pton(AF_INET, text.c_str(), &address.words_be[3]);
  return address;
}

template <class T>
T read_entry(const Array& array, uint32_t index) {
  T value{};
  if (index < array.entries) std::memcpy(&value, array.bytes + index * ((sizeof(T) + 7) / 8 * 8), sizeof value);
  return value;
}

service_handle read_handle(const Array& sets, uint32_t index) {
  return __atomic_load_n(reinterpret_cast<const service_handle*>(sets.bytes) + index, __ATOMIC_ACQUIRE);
}

bool leads_to(const Maps& maps, uint32_t set, const ip_addr& endpoint) {
  service_handle handle = read_handle(maps.sets, set);
  for (uint32_t i = 0; i < service_handle_size(handle); ++i) {
    auto slot = read_entry<service_slot>(maps.slots, service_handle_base(handle) + i);
    auto backend = read_entry<struct backend>(maps.backends, slot.backend);
    if (std::memcmp(&backend.address, &endpoint, sizeof endpoint) == 0) return true;
  }
  return false;
}

// One replaced endpoint; less than zero when the maps did not follow, or did not know the Service.
double follow(const Maps& maps, const std::string& manifests, int service, int turn) {
  std::string path = manifests + "/slices-" + std::to_string(service) + ".json";
  auto slice = nlohmann::json::parse(std::ifstream(path));
  std::string endpoint = "10.43." + std::to_string(turn / 250) + "." + std::to_string(1 + turn % 250);
  slice["endpoints"][0]["addresses"][0] = endpoint;
  std::string next = manifests + "/.next";
  std::ofstream(next) << slice.dump();

  std::string cluster_ip = "10.96." + std::to_string(service >> 8) + "." + std::to_string(service & 255);
  frontend_key key{mapped(cluster_ip), htons(80), IPPROTO_TCP, 0};
  frontend found{};
  if (bpf_map_lookup_elem(maps.frontends, &key, &found) != 0) return -1;
  ip_addr wanted = mapped(endpoint);

  auto start = std::chrono::steady_clock::now();
  rename(next.c_str(), path.c_str());
  while (!leads_to(maps, found.callers, wanted)) {
    if (std::chrono::steady_clock::now() - start > kPatience) return -1;
    usleep(50);  // a poll that never rests would take a whole processor from the agent
  }
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count();
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 5) return 64;
  std::string directory = arguments[1];
  Maps maps;
  maps.frontends = bpf_obj_get((directory + "/frontend_sets").c_str());
  auto sets = map_array(directory + "/service_sets"), slots = map_array(directory + "/set_slots"),
       backends = map_array(directory + "/backends");
  if (maps.frontends < 0 || !sets || !slots || !backends) {
    std::fprintf(stderr, "%s: no maps of services: %s\n", directory.c_str(), strerror(errno));
    return 1;
  }
  maps.sets = *sets, maps.slots = *slots, maps.backends = *backends;
  int all = std::atoi(arguments[3]), turns = std::atoi(arguments[4]);
  std::string text = "[";
  for (int turn = 0; turn < turns; ++turn) {
    int service = 1 + turn * 7919 % all;
    double milliseconds = follow(maps, arguments[2], service, turn);
    if (milliseconds < 0) {
      std::fprintf(stderr, "service %d: the maps did not follow its file\n", service);
      return 1;
    }
    char number[32];
    std::snprintf(number, sizeof number, "%s%.3f", turn == 0 ? "" : ",", milliseconds);
    text += number;
  }
  std::printf("%s]\n", text.c_str());
  return 0;
}
