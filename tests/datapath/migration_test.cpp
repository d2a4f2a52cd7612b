// Maps that change their size or their layout while programs use them: no call goes wrong, whatever is killed when.
#include "abi/config.h"  // before the skeleton, which has its struct as a member
//
#include <bpf/bpf.h>
#include <relaid.skel.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <map>
#include <thread>

#include "abi/pods.h"
#include "io/kernel/bpf_hash.h"
#include "io/kernel/bpf_object.h"
#include "io/kernel/bpf_pins.h"
#include "io/kernel/datapath_object.h"
#include "io/kernel/map_sizes.h"
#include "io/kernel/service_maps.h"
#include "reconcile/service_stores.h"
#include "support/datapath.h"
#include "support/sockets.h"

namespace {

using namespace support;
using io::kernel::DatapathObjectStore;
using model::desired::DatapathObject;
using model::desired::Frontend;
using model::desired::ServiceSet;
using model::desired::SetId;

base::Ip address(const char* text) { return *base::parse_ip(text); }

const Endpoint kTcp{address("10.96.0.10"), 80}, kUdp{address("10.96.0.10"), 53};

class DatapathMigration : public AttachedSocketsTest {
 protected:
  void SetUp() override {
    AttachedSocketsTest::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    for (int i = 0; i < 4; ++i) tcp_.push_back(serve(SOCK_STREAM, "127.0.0.1")), udp_.push_back(serve(SOCK_DGRAM, "127.0.0.1"));
    put_service(kTcp, model::Protocol::kTcp, tcp_);
    put_service(kUdp, model::Protocol::kUdp, udp_);
  }

  void put_service(const Endpoint& front, model::Protocol protocol, const std::vector<Server>& servers) {
    ServiceSet set{.id = SetId("default/web:" + std::to_string(front.port) + "/" + base::to_string(front.ip)), .affinity_seconds = 1000};
    for (const auto& server : servers) set.backends.push_back({server.endpoint.ip, server.endpoint.port});
    std::sort(set.backends.begin(), set.backends.end());
    auto put = services_.sets->put(set, nullptr);
    ASSERT_TRUE(put.ok()) << put.error().text;
    put = services_.frontends->put(Frontend{.address = front.ip, .port = front.port, .protocol = protocol, .callers = set.id}, nullptr);
    ASSERT_TRUE(put.ok()) << put.error().text;
  }

  // 0, or what a client saw that it must not see: by another server than before, or under another name.
  const char* tcp_call() {
    base::Fd socket = client(AF_INET, SOCK_STREAM);
    if (connect_to(socket, AF_INET, kTcp) != 0) return "no connection";
    const int server = reached(tcp_);
    if (server < 0) return "no server";
    base::Fd accepted(accept(tcp_[server].fd.get(), nullptr, nullptr));
    if (!(peer_name(socket) == kTcp)) return "another name for the peer";
    return tcp_server_.exchange(server) == server ? nullptr : "another server than before";
  }
  const char* udp_call(const base::Fd& socket) {
    if (send_to(socket, AF_INET, kUdp) != 0) return "nothing sent";
    const int server = reached(udp_);
    if (server < 0) return "no server";
    answer(udp_[server]);
    if (!wait_readable(socket.get())) return "no answer";
    if (!(receive(socket) == kUdp)) return "an answer from another name";
    return udp_server_.exchange(server) == server ? nullptr : "another server than before";
  }
  // The first calls choose.
  void settle() {
    tcp_call();
    udp_call(client(AF_INET, SOCK_DGRAM));
  }

  // Puts each object in turn while calls are made; what they saw is counted.
  void change_under_calls(const std::vector<DatapathObject>& objects, const std::vector<const io::kernel::ObjectImage*>& images) {
    settle();
    std::atomic<bool> ends = false;
    std::atomic<uint64_t> calls = 0;
    std::string wrong;
    std::thread caller([&] {
      base::Fd kept = client(AF_INET, SOCK_DGRAM);
      while (!ends && wrong.empty()) {
        for (const char* seen : {tcp_call(), udp_call(kept), udp_call(client(AF_INET, SOCK_DGRAM))})
          if (seen) wrong = seen;
        ++calls;
      }
    });
    for (size_t i = 0; i < objects.size(); ++i) {
      const uint64_t before = calls;
      auto put = DatapathObjectStore(bpf_root_, *images[i % images.size()]).put(objects[i], nullptr);
      EXPECT_TRUE(put.ok()) << put.error().text;
      while (calls < before + 3 && wrong.empty()) usleep(1000);
      EXPECT_EQ(wrong, "") << "after change " << i << " and " << calls << " calls";
      if (!wrong.empty()) break;
    }
    ends = true;
    caller.join();
  }

  std::vector<uint32_t> sizes() {
    std::vector<uint32_t> entries;
    for (const auto& size : io::kernel::MapSizeStore(bpf_root_).list().value()) entries.push_back(size.entries);
    return entries;
  }

  std::vector<Server> tcp_, udp_;
  std::atomic<int> tcp_server_ = -1, udp_server_ = -1;
  reconcile::ServiceStores services_ =
      reconcile::service_stores(std::make_unique<io::kernel::PinnedServiceMaps>(bpf_root_), [] { return base::boot_now(); });
};

using Converts = std::map<std::string_view, io::kernel::Convert>;

// tests/datapath/relay puts a field of so many bytes before the others.
template <size_t kKeySize, size_t kAdded, size_t kSize, bool kTakesAway>
void relay(const void* key, const void* value, void* same_key, void* relaid) {
  std::memcpy(same_key, key, kKeySize);
  const auto* from = static_cast<const char*>(value);
  auto* to = static_cast<char*>(relaid);
  std::memcpy(kTakesAway ? to : to + kAdded, kTakesAway ? from + kAdded : from, kSize);
}

template <bool kTakesAway>
Converts converts() {
  return {{"affinities", relay<sizeof(affinity_key), 8, sizeof(affinity), kTakesAway>},
          {"backends", relay<sizeof(uint32_t), 8, sizeof(backend), kTakesAway>},
          {"pods", relay<sizeof(ip_addr), 4, sizeof(pod), kTakesAway>}};
}

// As if the layouts had changed in each of the versions before: even ones are the other object's.
std::vector<io::kernel::MapKind> kinds_of(uint32_t version) {
  std::vector<io::kernel::MapKind> kinds(io::kernel::map_kinds().begin(), io::kernel::map_kinds().end());
  const Converts from_before = version % 2 ? converts<true>() : converts<false>();
  for (auto& kind : kinds) {
    auto changed = from_before.find(kind.name);
    if (changed != from_before.end()) kind.version = version, kind.convert = changed->second;
  }
  return kinds;
}

DatapathObject scaled(DatapathObject object, uint32_t factor) {
  for (auto& map : object.maps) map.entries *= factor;
  return object;
}

}  // namespace

TEST_F(DatapathMigration, SizesAreDoubledAndHalvedUnderCallsTwentyTimes) {
  std::vector<DatapathObject> objects;
  for (int i = 0; i < 20; ++i) objects.push_back(scaled(object_of(64), i % 2 ? 1 : 2));

  change_under_calls(objects, {&io::kernel::embedded_image()});

  EXPECT_EQ(DatapathObjectStore(bpf_root_).list().value(), std::vector{object_of(64)});
}

TEST_F(DatapathMigration, LayoutsChangeUnderCallsTwentyTimes) {
  constexpr uint32_t kRounds = 20;
  size_t size = 0;
  const auto* bytes = static_cast<const char*>(relaid__elf_bytes(&size));
  std::vector<std::vector<io::kernel::MapKind>> kinds;
  std::vector<io::kernel::ObjectImage> images;
  std::vector<const io::kernel::ObjectImage*> in_turn;
  std::vector<DatapathObject> objects;
  for (uint32_t version = 2; version < 2 + kRounds; ++version) kinds.push_back(kinds_of(version));
  for (size_t i = 0; i < kRounds; ++i)
    images.push_back({i % 2 ? io::kernel::embedded_image().bytes : std::string_view(bytes, size), kinds[i]});
  for (const auto& image : images) {
    in_turn.push_back(&image);
    objects.push_back(object_of(64));
    objects.back().generation = io::kernel::digest_of(image);
  }

  change_under_calls(objects, in_turn);

  const auto there = DatapathObjectStore(bpf_root_, images.back()).list().value();
  EXPECT_EQ(std::count(there.begin(), there.end(), objects.back()), 1);
  EXPECT_TRUE(io::kernel::open_pin(bpf_root_ + "/maps/backends_v21").ok());
  EXPECT_FALSE(io::kernel::open_pin(bpf_root_ + "/maps/backends_v20").ok());
}

TEST_F(DatapathMigration, AStoreThatHadTheMapsOpenWritesToTheNewOnes) {
  ASSERT_TRUE(DatapathObjectStore(bpf_root_).put(scaled(object_of(64), 2), nullptr).ok());

  put_service({address("10.96.0.11"), 80}, model::Protocol::kTcp, tcp_);

  base::Fd socket = client(AF_INET, SOCK_STREAM);
  EXPECT_EQ(connect_to(socket, AF_INET, {address("10.96.0.11"), 80}), 0);
  auto restarted = reconcile::service_stores(std::make_unique<io::kernel::PinnedServiceMaps>(bpf_root_), [] { return base::boot_now(); });
  EXPECT_EQ(restarted.sets->list()->size(), 3U);
  EXPECT_EQ(services_.sets->list()->size(), 3U);
  EXPECT_EQ(services_.frontends->list()->size(), 3U);
}

TEST_F(DatapathMigration, KilledAnywhereItGoesOnAndNoCallGoesWrongBetween) {
  settle();
  base::Fd kept = client(AF_INET, SOCK_DGRAM);
  ASSERT_EQ(udp_call(kept), nullptr);
  constexpr useconds_t kStep = 4000;
  int killed = 0;
  bool through = false;
  for (useconds_t moment = 0; !through; moment += kStep) {
    const auto wanted = scaled(object_of(64), killed % 2 ? 1 : 2);
    pid_t child = fork();
    if (child == 0) _exit(DatapathObjectStore(bpf_root_).put(wanted, nullptr).ok() ? 0 : 1);
    usleep(moment);
    kill(child, SIGKILL);
    int status = 0;
    waitpid(child, &status, 0);
    through = WIFEXITED(status) && moment > 0;

    for (const char* seen : {tcp_call(), udp_call(kept), udp_call(client(AF_INET, SOCK_DGRAM))})
      ASSERT_EQ(seen, nullptr) << "killed after " << moment << " us";
    auto put = DatapathObjectStore(bpf_root_).put(wanted, nullptr);
    ASSERT_TRUE(put.ok()) << put.error().text;
    ASSERT_EQ(DatapathObjectStore(bpf_root_).list().value(), std::vector{wanted}) << "killed after " << moment << " us";
    for (const char* seen : {tcp_call(), udp_call(kept)}) ASSERT_EQ(seen, nullptr) << "after the kill at " << moment << " us";
    ++killed;
  }
  std::printf("killed %d times\n", killed);
}

TEST_F(DatapathMigration, AMapThatIsTooFullToShrinkKeepsItsSizeAndOnlyItsRowSaysSo) {
  auto fronts = io::kernel::HashMap<frontend_key, frontend>::open(bpf_root_, "frontend_sets");
  for (uint16_t i = 0; i < 200; ++i)
    ASSERT_TRUE(fronts->update({.address = {}, .port_be = i, .protocol = 6, .node_port = 0}, {.callers = 1, .arrivals = 0}).ok());
  const auto before = sizes();
  auto smaller = object_of(64);
  for (auto& map : smaller.maps)
    if (map.map == "frontend_sets" || map.map == "pods") map.entries /= 2;

  ASSERT_TRUE(DatapathObjectStore(bpf_root_).put(smaller, nullptr).ok());

  io::kernel::MapSizeStore store(bpf_root_);
  for (const auto& size : smaller.maps) {
    auto put = store.put(size, nullptr);
    EXPECT_EQ(put.ok(), size.map != "frontend_sets") << size.map;
    if (put.ok()) continue;
    EXPECT_EQ(put.error().code, ENOSPC);
    EXPECT_NE(put.error().text.find("has room for 256 entries, not for 128: 202 are in use"), std::string::npos) << put.error().text;
  }
  settle();
  EXPECT_EQ(tcp_call(), nullptr);
  for (uint16_t i = 0; i < 200; ++i) ASSERT_TRUE(fronts->erase({.address = {}, .port_be = i, .protocol = 6, .node_port = 0}).ok());
  ASSERT_TRUE(DatapathObjectStore(bpf_root_).put(smaller, nullptr).ok());  // there is room now
  EXPECT_EQ(DatapathObjectStore(bpf_root_).list().value(), std::vector{smaller});
}

TEST_F(DatapathMigration, APinWithAnotherLayoutUnderTheSameNameIsReplacedWithoutAWord) {
  base::Fd foreign(bpf_map_create(BPF_MAP_TYPE_HASH, "pods", 16, 16, 256, nullptr));  // sizes alone say that it is ours
  ASSERT_TRUE(io::kernel::make_pin(foreign.get(), bpf_root_ + "/maps/pods_v1"));

  auto put = DatapathObjectStore(bpf_root_).put(object_of(64), nullptr);

  ASSERT_TRUE(put.ok()) << put.error().text;
  EXPECT_EQ(DatapathObjectStore(bpf_root_).list().value(), std::vector{object_of(64)});
  settle();
  EXPECT_EQ(tcp_call(), nullptr);
}

TEST_F(DatapathMigration, PinsThatNoVersionKnowsAreCollected) {
  base::Fd stray(bpf_map_create(BPF_MAP_TYPE_HASH, "old", 4, 4, 1, nullptr));
  for (const char* name : {"frontend_sets", "frontend_sets_v0", "backends_v1-new"})
    ASSERT_TRUE(io::kernel::make_pin(stray.get(), bpf_root_ + "/maps/" + name));

  ASSERT_TRUE(DatapathObjectStore(bpf_root_).put(object_of(128), nullptr).ok());

  EXPECT_EQ(io::kernel::pin_names(bpf_root_ + "/maps")->size(), io::kernel::map_kinds().size());
  EXPECT_EQ(io::kernel::pin_names(bpf_root_ + "/programs").value(), std::vector{object_of(128).generation});
}
