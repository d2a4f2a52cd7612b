// Changes EndpointSlices that a running agent serves, one after another, and prints the milliseconds until the pinned maps lead from the
// Service to the new endpoint, as JSON: {"map": [...]}. Objects are those that generate.py made: files in the form json, each replaced by
// rename, or what an API server behind `kubectl proxy` holds, changed by a merge patch. Then "watch" beside it says how long a plain watch
// through that proxy took to tell of the same changes, which is what no agent could be faster than.
// usage: bench_change_to_map MAPS-DIRECTORY MANIFESTS|http://ADDRESS:PORT SERVICES COUNT
#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <httplib.h>
#include <netinet/in.h>
#include <sys/mman.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <mutex>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "abi/services.h"

namespace {

using Clock = std::chrono::steady_clock;
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

const char* const kSlices = "/apis/discovery.k8s.io/v1/namespaces/default/endpointslices";

// A watch that does nothing but look for one text at a time.
class PlainWatch {
 public:
  explicit PlainWatch(const std::string& server) : client_(server) {
    auto list = client_.Get(std::string(kSlices) + "?limit=1");
    const auto parsed = list ? nlohmann::json::parse(list->body, nullptr, false) : nlohmann::json();
    const std::string version = parsed.is_object() ? parsed["metadata"].value("resourceVersion", "") : "";
    client_.set_read_timeout(std::chrono::minutes(10));
    thread_ = std::thread([this, version] {
      client_.Get(std::string(kSlices) + "?watch=true&resourceVersion=" + version, [this](const char* bytes, size_t size) {
        look({bytes, size});
        return true;
      });
    });
  }
  ~PlainWatch() {
    client_.stop();
    thread_.join();
  }
  void expect(const std::string& text) {
    std::lock_guard lock(mutex_);
    wanted_ = text;
    seen_.clear();
    found_.reset();
  }
  std::optional<Clock::time_point> found() {
    std::lock_guard lock(mutex_);
    return found_;
  }

 private:
  void look(std::string_view bytes) {
    std::lock_guard lock(mutex_);
    seen_ += bytes;
    if (!found_ && !wanted_.empty() && seen_.find(wanted_) != std::string::npos) found_ = Clock::now();
  }

  httplib::Client client_;
  std::thread thread_;
  std::mutex mutex_;
  std::string wanted_, seen_;
  std::optional<Clock::time_point> found_;
};

// A change of a Service's first endpoint, prepared.
struct Edit {
  std::string endpoint;  // another one than before: an earlier run may have been here
  std::function<void()> make = [] {};
};
using Writer = std::function<Edit(int service, int turn)>;

std::string replace_first_endpoint(nlohmann::json& slice, int turn) {
  auto& address = slice["endpoints"][0]["addresses"][0];
  const std::string rest = std::to_string(turn / 250) + "." + std::to_string(1 + turn % 250);
  address = address == "10.43." + rest ? "10.44." + rest : "10.43." + rest;
  return address;
}

Writer write_files(const std::string& manifests) {
  return [manifests](int service, int turn) {
    std::string path = manifests + "/slices-" + std::to_string(service) + ".json";
    auto slice = nlohmann::json::parse(std::ifstream(path));
    Edit edit{replace_first_endpoint(slice, turn)};
    std::string next = manifests + "/.next";
    std::ofstream(next) << slice.dump();
    edit.make = [next, path] { rename(next.c_str(), path.c_str()); };
    return edit;
  };
}

Writer patch_objects(const std::string& server) {
  auto client = std::make_shared<httplib::Client>(server);
  client->set_keep_alive(true);
  client->set_tcp_nodelay(true);  // head and body are two writes: the second would wait for an acknowledgement, 40 ms
  return [client](int service, int turn) {
    std::string path = std::string(kSlices) + "/service-" + std::to_string(service) + "-a";
    auto read = client->Get(path);
    nlohmann::json slice = read ? nlohmann::json::parse(read->body, nullptr, false) : nlohmann::json();
    if (!slice.is_object() || !slice.contains("endpoints")) return Edit();
    Edit edit{replace_first_endpoint(slice, turn)};
    std::string body = nlohmann::json{{"endpoints", slice["endpoints"]}}.dump();
    edit.make = [client, path, body] { client->Patch(path, body, "application/merge-patch+json"); };
    return edit;
  };
}

double milliseconds(Clock::duration duration) { return std::chrono::duration<double, std::milli>(duration).count(); }

struct Times {
  std::vector<double> map, watch;  // milliseconds
};

// One changed endpoint; false when the maps, or the watch, did not follow, or did not know the Service.
bool follow(const Maps& maps, const Writer& writer, PlainWatch* watch, int service, int turn, Times& times) {
  const Edit edit = writer(service, turn);
  std::string cluster_ip = "10.98." + std::to_string(service >> 8) + "." + std::to_string(service & 255);
  frontend_key key{mapped(cluster_ip), htons(80), IPPROTO_TCP, 0};
  frontend found{};
  if (bpf_map_lookup_elem(maps.frontends, &key, &found) != 0) return false;
  ip_addr wanted = mapped(edit.endpoint);
  if (watch) watch->expect('"' + edit.endpoint + '"');

  auto start = Clock::now();
  edit.make();
  while (!leads_to(maps, frontend_set(found.callers), wanted)) {
    if (Clock::now() - start > kPatience) return false;
    usleep(50);  // a poll that never rests would take a whole processor from the agent
  }
  times.map.push_back(milliseconds(Clock::now() - start));
  while (watch && !watch->found()) {
    if (Clock::now() - start > kPatience) return std::fprintf(stderr, "the watch did not tell\n"), false;
    usleep(50);
  }
  if (watch) times.watch.push_back(milliseconds(*watch->found() - start));
  return true;
}

std::optional<Maps> open_maps(const std::string& directory) {
  Maps maps;
  maps.frontends = open_map(directory, "frontend_sets");
  auto sets = map_array(open_map(directory, "service_sets")), slots = map_array(open_map(directory, "set_slots")),
       backends = map_array(open_map(directory, "backends"));
  if (maps.frontends < 0 || !sets || !slots || !backends) return std::nullopt;
  maps.sets = *sets, maps.slots = *slots, maps.backends = *backends;
  return maps;
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 5) return 64;
  const auto maps = open_maps(arguments[1]);
  if (!maps) {
    std::fprintf(stderr, "%s: no maps of services: %s\n", arguments[1], strerror(errno));
    return 1;
  }
  const std::string origin = arguments[2];
  const bool server = origin.starts_with("http://");
  const Writer writer = server ? patch_objects(origin) : write_files(origin);
  auto watch = server ? std::make_unique<PlainWatch>(origin) : nullptr;
  int all = std::atoi(arguments[3]), turns = std::atoi(arguments[4]);
  Times times;
  for (int turn = 0; turn < turns; ++turn) {
    int service = 1 + turn * 7919 % all;
    if (follow(*maps, writer, watch.get(), service, turn, times)) continue;
    std::fprintf(stderr, "service %d: the maps did not follow its change\n", service);
    return 1;
  }
  nlohmann::json result{{"map", times.map}};
  if (watch) result["watch"] = times.watch;
  std::printf("%s\n", result.dump().c_str());
  return 0;
}
