// Changes EndpointSlices that a running agent serves, one after another, and prints the milliseconds until the pinned maps lead from the
// Service to the new endpoint, as a JSON array. Objects are those that generate.py made: files in the form json, each replaced by rename,
// or what an API server behind `kubectl proxy` holds, changed by a merge patch.
// usage: bench_change_to_map MAPS-DIRECTORY MANIFESTS|http://ADDRESS:PORT SERVICES COUNT
#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <httplib.h>
#include <netinet/in.h>
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
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

// The pin's name carries the layout's version; less than zero: there is no such map.
int open_map(const std::string& directory, const std::string& name) {
  for (const auto& entry : std::filesystem::directory_iterator(directory))
    if (entry.path().filename().string().starts_with(name + "_v")) return bpf_obj_get(entry.path().c_str());
  return -1;
}

// A mmapable array's values lie one behind the other, each rounded up to 8 bytes.
std::optional<Array> map_array(int fd) {
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

// Prepares a change of a Service's first endpoint; what it returns makes the change.
using Writer = std::function<std::function<void()>(int service, const std::string& endpoint)>;

Writer write_files(const std::string& manifests) {
  return [manifests](int service, const std::string& endpoint) {
    std::string path = manifests + "/slices-" + std::to_string(service) + ".json";
    auto slice = nlohmann::json::parse(std::ifstream(path));
    slice["endpoints"][0]["addresses"][0] = endpoint;
    std::string next = manifests + "/.next";
    std::ofstream(next) << slice.dump();
    return [next, path] { rename(next.c_str(), path.c_str()); };
  };
}

Writer patch_objects(const std::string& server) {
  auto client = std::make_shared<httplib::Client>(server);
  client->set_keep_alive(true);
  return [client](int service, const std::string& endpoint) {
    std::string path = "/apis/discovery.k8s.io/v1/namespaces/default/endpointslices/service-" + std::to_string(service) + "-a";
    auto read = client->Get(path);
    nlohmann::json slice = read ? nlohmann::json::parse(read->body, nullptr, false) : nlohmann::json();
    if (!slice.is_object() || !slice.contains("endpoints")) return std::function<void()>([] {});
    slice["endpoints"][0]["addresses"][0] = endpoint;
    std::string body = nlohmann::json{{"endpoints", slice["endpoints"]}}.dump();
    return std::function<void()>([client, path, body] { client->Patch(path, body, "application/merge-patch+json"); });
  };
}

// One changed endpoint; less than zero when the maps did not follow, or did not know the Service.
double follow(const Maps& maps, const Writer& writer, int service, int turn) {
  std::string endpoint = "10.43." + std::to_string(turn / 250) + "." + std::to_string(1 + turn % 250);
  auto change = writer(service, endpoint);
  std::string cluster_ip = "10.98." + std::to_string(service >> 8) + "." + std::to_string(service & 255);
  frontend_key key{mapped(cluster_ip), htons(80), IPPROTO_TCP, 0};
  frontend found{};
  if (bpf_map_lookup_elem(maps.frontends, &key, &found) != 0) return -1;
  ip_addr wanted = mapped(endpoint);

  auto start = std::chrono::steady_clock::now();
  change();
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
  maps.frontends = open_map(directory, "frontend_sets");
  auto sets = map_array(open_map(directory, "service_sets")), slots = map_array(open_map(directory, "set_slots")),
       backends = map_array(open_map(directory, "backends"));
  if (maps.frontends < 0 || !sets || !slots || !backends) {
    std::fprintf(stderr, "%s: no maps of services: %s\n", directory.c_str(), strerror(errno));
    return 1;
  }
  maps.sets = *sets, maps.slots = *slots, maps.backends = *backends;
  const std::string origin = arguments[2];
  const Writer writer = origin.starts_with("http://") ? patch_objects(origin) : write_files(origin);
  int all = std::atoi(arguments[3]), turns = std::atoi(arguments[4]);
  std::string text = "[";
  for (int turn = 0; turn < turns; ++turn) {
    int service = 1 + turn * 7919 % all;
    double milliseconds = follow(maps, writer, service, turn);
    if (milliseconds < 0) {
      std::fprintf(stderr, "service %d: the maps did not follow its change\n", service);
      return 1;
    }
    char number[32];
    std::snprintf(number, sizeof number, "%s%.3f", turn == 0 ? "" : ",", milliseconds);
    text += number;
  }
  std::printf("%s]\n", text.c_str());
  return 0;
}
