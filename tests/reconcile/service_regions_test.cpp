// Sets of backends in the maps: what readers meet while they come, change and go, and what the next agent makes of them.
#include <gtest/gtest.h>

#include <random>

#include "reconcile/region_allocator.h"
#include "reconcile/service_stores.h"
#include "support/memory_service_maps.h"
#include "support/service_rows.h"

namespace {

using model::desired::Frontend;
using model::desired::ServiceSet;
using model::desired::SetId;
using support::a_frontend;
using support::a_set;

using Writes = std::vector<std::string>;
using Reached = std::vector<std::string>;

struct ServiceRegions : testing::Test {
  support::ServiceMemory memory;
  base::BootTime now{1};
  reconcile::ServiceStores stores = new_agent();

  reconcile::ServiceStores new_agent() {
    return reconcile::service_stores(std::make_unique<support::MemoryServiceMaps>(memory), [this] { return now; });
  }
  ServiceSet put(ServiceSet row, const ServiceSet* actual = nullptr) {
    memory.writes.clear();
    auto result = stores.sets->put(row, actual);
    EXPECT_TRUE(result.ok()) << result.error().text;
    return row;
  }
  // With a frontend of its number, so that it is reached.
  ServiceSet serve(ServiceSet row, int service) {
    put(row);
    EXPECT_TRUE(stores.frontends->put(a_frontend(service, service), nullptr).ok());
    return row;
  }
  uint32_t number_of(const SetId& id) const {
    for (const auto& [number, hash] : memory.hashes)
      if (hash == id.hash()) return number;
    return 0;
  }
  service_handle handle_of(const SetId& id) { return memory.handles[number_of(id)]; }
  Reached reached(int service) const {
    auto sets = memory.find(support::ip("10.96.0." + std::to_string(service)), 80, model::Protocol::kTcp);
    return sets ? memory.reached(sets->callers) : Reached{"no frontend"};
  }
};

TEST_F(ServiceRegions, WhatWasPutIsReachedAndReadBackByItsHash) {
  auto row = serve(a_set(1, {3, 4}), 1);

  EXPECT_EQ(reached(1), (Reached{"10.42.0.3:8080", "10.42.0.4:8080"}));
  auto read = new_agent().sets->list();
  ASSERT_TRUE(read.ok());
  ASSERT_EQ(read->size(), 1u);
  EXPECT_EQ(read->front(), row);
  EXPECT_EQ(read->front().key(), row.key());
  EXPECT_EQ(read->front().id.name(), "");
}

TEST_F(ServiceRegions, AChangeOfBackendsIsOneStoreOfTheHandle) {
  auto before = serve(a_set(1, {3, 4}), 1);
  uint64_t stores_before = memory.handle_stores;

  put(a_set(1, {4, 5, 6}), &before);

  EXPECT_EQ(memory.handle_stores, stores_before + 1);
  EXPECT_EQ(reached(1), (Reached{"10.42.0.4:8080", "10.42.0.5:8080", "10.42.0.6:8080"}));
}

TEST_F(ServiceRegions, EachNewSetHasAnotherGenerationWhichBeginsAgainAtItsEnd) {
  auto row = serve(a_set(1, {0}), 1);
  uint32_t before = service_handle_generation(handle_of(row.id));
  for (uint32_t i = 1; i <= SERVICE_HANDLE_GENERATIONS; ++i) {
    now += reconcile::kReuseGrace;
    row = put(a_set(1, {static_cast<int>(i % 2)}), &row);
    ASSERT_EQ(service_handle_generation(handle_of(row.id)), (before + i) % SERVICE_HANDLE_GENERATIONS);
    ASSERT_EQ(service_handle_flags(handle_of(row.id)), 0u);
    ASSERT_EQ(reached(1).size(), 1u);
  }
}

TEST_F(ServiceRegions, AnOldHandleStillReadsItsOwnBackendsDuringTheGracePeriod) {
  auto before = serve(a_set(1, {3, 4}), 1);
  service_handle old = handle_of(before.id);
  auto slots = memory.slots;
  auto backends = memory.backends;
  put(a_set(1, {5}), &before);

  for (int service = 2; service < 20; ++service) put(a_set(service, {service + 20}));

  for (uint32_t i = 0; i < service_handle_size(old); ++i) {
    uint32_t slot = service_handle_base(old) + i, number = slots[slot].backend;
    EXPECT_EQ(memory.slots[slot].backend, number);
    EXPECT_EQ(std::memcmp(&memory.backends[number], &backends[number], sizeof(struct backend)), 0);
  }
}

TEST_F(ServiceRegions, AfterTheGracePeriodRegionsAreUsedAgainForEver) {
  ServiceSet row = serve(a_set(1, {1, 2, 3, 4}), 1);
  for (int i = 0; i < 2000; ++i) {
    now += reconcile::kReuseGrace;
    row = put(a_set(1, {1 + i % 50, 60 + i % 7, 100 + i % 3}), &row);
  }
  EXPECT_EQ(reached(1).size(), 3u);
}

TEST_F(ServiceRegions, FullSlotsAreAnErrorThatNamesThemAndHarmNoOtherService) {
  memory.sizes.slots = 5;
  serve(a_set(1, {1, 2, 3}), 1);

  auto result = stores.sets->put(a_set(2, {4, 5, 6}), nullptr);

  ASSERT_FALSE(result.ok());
  EXPECT_NE(result.error().text.find("5 slots"), std::string::npos) << result.error().text;
  EXPECT_NE(result.error().text.find("default/s2:80"), std::string::npos) << result.error().text;
  EXPECT_EQ(reached(1).size(), 3u);
  EXPECT_TRUE(stores.sets->put(a_set(2, {4, 5}), nullptr).ok());
}

TEST_F(ServiceRegions, FullNumbersAreAnErrorAndZeroIsNone) {
  memory.sizes.sets = 3;
  put(a_set(1, {1})), put(a_set(2, {1}));

  auto result = stores.sets->put(a_set(3, {1}), nullptr);

  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error().code, ENOSPC);
  EXPECT_FALSE(memory.hashes.contains(0));
  EXPECT_EQ(memory.hashes.size(), 2u);
}

TEST_F(ServiceRegions, ASetWithoutBackendsHasAnEmptyHandle) {
  serve(a_set(1, {}), 1);

  EXPECT_TRUE(reached(1).empty());
}

TEST_F(ServiceRegions, ARemovedSetLeavesNothingBehind) {
  auto row = put(a_set(1, {1}));
  ASSERT_TRUE(stores.sets->remove(row).ok());

  EXPECT_TRUE(memory.hashes.empty());
  EXPECT_TRUE(new_agent().sets->list()->empty());
  EXPECT_TRUE(stores.sets->remove(row).ok());
}

TEST_F(ServiceRegions, ANumberThatNothingPointsToIsFoundAndCanBeRemoved) {
  auto row = put(a_set(1, {1}));

  auto next = new_agent();
  auto read = next.sets->list();
  ASSERT_EQ(read->size(), 1u);
  EXPECT_TRUE(next.sets->remove(read->front()).ok());
  EXPECT_TRUE(memory.hashes.empty());
}

TEST_F(ServiceRegions, AnAgentKilledOverANewSetLeavesAFreeNumber) {
  for (int writes = 0; writes < 6; ++writes) {
    memory.fail_after = writes;  // as if it had ended there
    EXPECT_FALSE(new_agent().sets->put(a_set(1, {1, 2}), nullptr).ok()) << writes;
    memory.fail_after = -1;
    EXPECT_TRUE(memory.hashes.empty());
  }
  stores = new_agent();

  serve(a_set(2, {7}), 2);

  EXPECT_EQ(reached(2), Reached{"10.42.0.7:8080"});
}

TEST_F(ServiceRegions, TheNextAgentWritesNothingWhereAllIsRight) {
  auto row = serve(a_set(1, {3, 4}), 1);
  stores = new_agent();
  auto read = stores.sets->list();
  ASSERT_TRUE(read.ok());
  memory.writes.clear();

  ASSERT_TRUE(stores.sets->put(row, &read->front()).ok());

  EXPECT_TRUE(memory.writes.empty());
}

TEST_F(ServiceRegions, APutBeforeAnythingCouldBeReadHarmsNothingThatIsThere) {
  serve(a_set(1, {3, 4}), 1);
  stores = new_agent();
  memory.read_fails = [] { return true; };
  EXPECT_FALSE(stores.sets->list().ok());
  EXPECT_FALSE(stores.sets->put(a_set(2, {5}), nullptr).ok());
  memory.read_fails = [] { return false; };

  put(a_set(1, {3, 4}));
  EXPECT_TRUE(memory.writes.empty());
  serve(a_set(2, {5}), 2);

  EXPECT_EQ(reached(1), (Reached{"10.42.0.3:8080", "10.42.0.4:8080"}));
  EXPECT_EQ(reached(2), Reached{"10.42.0.5:8080"});
}

TEST_F(ServiceRegions, WhatWasSpoiledInTheMapsIsReadAsItIsAndWrittenAnew) {
  auto row = serve(a_set(1, {3, 4}), 1);
  auto mended = [&](const char* what) {
    auto read = stores.sets->list();
    ASSERT_TRUE(read.ok()) << what;
    ASSERT_EQ(read->size(), 1u) << what;
    EXPECT_FALSE(read->front() == row) << what;
    ASSERT_TRUE(stores.sets->put(row, &read->front()).ok()) << what;
    EXPECT_EQ(reached(1), (Reached{"10.42.0.3:8080", "10.42.0.4:8080"})) << what;
    EXPECT_EQ(stores.sets->list()->front(), row) << what;
    now += reconcile::kReuseGrace;
  };
  uint32_t number = number_of(row.id);

  memory.backends[memory.slots[service_handle_base(memory.handles[number])].backend].port_be = 1;
  mended("a backend");
  memory.slots[service_handle_base(memory.handles[number])].backend = 100;
  mended("a slot");
  memory.handles[number] = service_handle_pack(200, 100, 1);
  mended("a handle beyond the slots");
  memory.handles[number] = 0;
  mended("a handle");
}

TEST_F(ServiceRegions, TwoSetsThatOverlapAreBothWrittenAnew) {
  auto first = serve(a_set(1, {3, 4}), 1), second = serve(a_set(2, {5}), 2);
  memory.handles[number_of(second.id)] = handle_of(first.id);
  stores = new_agent();

  auto read = stores.sets->list();
  ASSERT_EQ(read->size(), 2u);
  for (const auto& row : *read) EXPECT_TRUE(stores.sets->put(row.id == first.id ? first : second, &row).ok());

  EXPECT_EQ(reached(1), (Reached{"10.42.0.3:8080", "10.42.0.4:8080"}));
  EXPECT_EQ(reached(2), Reached{"10.42.0.5:8080"});
}

TEST_F(ServiceRegions, OtherMapsUnderTheSameNamesAreReadFromTheBeginning) {
  serve(a_set(1, {3}), 1);
  memory.frontends.clear(), memory.hashes.clear(), memory.handles.clear(), memory.slots.clear(), memory.backends.clear();
  memory.sizes.identity = 2;

  EXPECT_TRUE(stores.sets->list()->empty());
  EXPECT_TRUE(stores.frontends->list()->empty());
  serve(a_set(1, {3}), 1);

  EXPECT_EQ(reached(1), Reached{"10.42.0.3:8080"});
}

struct ServiceSetOptions : ServiceRegions {
  static ServiceSet with_affinity(ServiceSet row, uint32_t seconds) { return row.affinity_seconds = seconds, row; }
  uint64_t flags() { return service_handle_flags(handle_of(support::set_id(1))); }
  uint32_t seconds() { return service_options_affinity_seconds(memory.options[number_of(support::set_id(1))]); }
};

TEST_F(ServiceSetOptions, TheTimeoutIsThereBeforeTheHandleByWhichItCounts) {
  put(with_affinity(a_set(1, {3, 4}), 60));

  EXPECT_EQ(memory.writes, (Writes{"options", "backend", "backend", "slot", "slot", "handle", "hash"}));
  EXPECT_EQ(flags(), SERVICE_AFFINITY);
  EXPECT_EQ(seconds(), 60u);
}

TEST_F(ServiceSetOptions, SwitchingIsOneStoreOfTheHandleAndANewTimeoutOneStoreOfItself) {
  auto none = put(a_set(1, {3, 4}));
  service_handle before = handle_of(none.id);

  auto some = put(with_affinity(none, 60), &none);
  EXPECT_EQ(memory.writes, (Writes{"options", "handle"}));
  auto longer = put(with_affinity(none, 90), &some);
  EXPECT_EQ(memory.writes, Writes{"options"});
  EXPECT_EQ(seconds(), 90u);
  put(none, &longer);
  EXPECT_EQ(memory.writes, Writes{"handle"});
  EXPECT_EQ(handle_of(none.id), before);
}

TEST_F(ServiceSetOptions, FlagsAreReadBackByTheNextAgent) {
  auto kept = put(with_affinity(a_set(1, {3}), 60));
  auto elsewhere = a_set(2, {});
  elsewhere.endpoints_elsewhere = true;
  put(elsewhere);

  stores = new_agent();
  auto read = stores.sets->list();
  ASSERT_TRUE(read.ok());
  std::sort(read->begin(), read->end(), [](const auto& a, const auto& b) { return a.backends.size() > b.backends.size(); });
  EXPECT_EQ(*read, (std::vector{kept, elsewhere}));

  put(with_affinity(kept, 61), &kept);
  EXPECT_EQ(memory.writes, Writes{"options"});
}

TEST_F(ServiceSetOptions, EndpointsElsewhereAreAFlagOfTheEmptyHandle) {
  auto row = put(a_set(1, {3}));
  auto elsewhere = a_set(1, {});
  elsewhere.endpoints_elsewhere = true;

  put(elsewhere, &row);
  EXPECT_EQ(flags(), SERVICE_ELSEWHERE);
  put(a_set(1, {}), &elsewhere);
  EXPECT_EQ(memory.writes, Writes{"handle"});
  EXPECT_EQ(flags(), 0u);
}

TEST_F(ServiceRegions, ThoseThatAreLeavingLieBehindTheSlotsAndAreReadBack) {
  auto row = a_set(1, {3, 4});
  row.datagrams = true;
  row.leaving = a_set(1, {5, 6, 7}).backends;
  serve(row, 1);

  EXPECT_EQ(reached(1), (Reached{"10.42.0.3:8080", "10.42.0.4:8080"}));
  const auto handle = handle_of(row.id);
  EXPECT_TRUE(handle & SERVICE_LEAVING);
  for (uint32_t i = 0; i < 3; ++i) EXPECT_EQ(memory.slots[service_handle_base(handle) + 2 + i].other, 3 - i);
  stores = new_agent();
  auto read = stores.sets->list();
  ASSERT_TRUE(read.ok());
  EXPECT_EQ(*read, std::vector<ServiceSet>{row});
  auto next = row;
  next.backends.clear(), next.leaving.pop_back();
  put(next, &row);
  EXPECT_EQ(reached(1), Reached{});
  put(a_set(2, {8, 9}));
  EXPECT_EQ(memory.slots[service_handle_base(handle_of(row.id))].other, 2u) << "nobody else gets their slots";
}

TEST_F(ServiceRegions, OfAUdpSetItIsSaidWhoIsInItNoMore) {
  auto row = a_set(1, {3, 4});
  row.datagrams = true;
  row.leaving = a_set(1, {5}).backends;
  serve(row, 1);
  auto next = row;
  next.backends.erase(next.backends.begin()), next.leaving = a_set(1, {3}).backends;
  put(next, &row);
  EXPECT_EQ(memory.left, Reached{"10.42.0.5:8080"}) << "3 is leaving";

  stores = new_agent();
  ASSERT_TRUE(stores.sets->list().ok());
  auto last = next;
  last.leaving.clear();
  put(last, &next);
  EXPECT_EQ(memory.left, (Reached{"10.42.0.5:8080", "10.42.0.3:8080"})) << "while the agent was away, say";

  ASSERT_TRUE(stores.frontends->remove(a_frontend(1, 1)).ok());
  ASSERT_TRUE(stores.sets->remove(last).ok());
  EXPECT_EQ(memory.left.size(), 3u);
  auto tcp = serve(a_set(2, {6}), 2);
  put(a_set(2, {7}), &tcp);
  EXPECT_EQ(memory.left.size(), 3u) << "connections go on";
}

// Whatever read or write fails, and whatever is tried next, readers meet whole sets only and a retry succeeds.
TEST_F(ServiceRegions, AnyReadOrWriteMayFailAndARetryMendsIt) {
  std::mt19937 random(1);
  std::map<int, ServiceSet> rows;
  for (int step = 0; step < 3000; ++step) {
    now += base::Millis(random() % 800);
    int service = 1 + static_cast<int>(random() % 10);
    std::vector<int> backends;
    for (uint32_t i = random() % 5; i > 0; --i) backends.push_back(static_cast<int>(1 + backends.size() * 10 + random() % 9));
    ServiceSet next = a_set(service, backends);
    next.affinity_seconds = random() % 2 * (1 + random() % 2);
    next.datagrams = random() % 2;
    if (next.datagrams) next.leaving = a_set(service, random() % 2 ? std::vector<int>{60, 61} : std::vector<int>{}).backends;
    auto known = rows.find(service);
    const ServiceSet* actual = known == rows.end() ? nullptr : &known->second;
    memory.fail_after = static_cast<int>(random() % 12);
    auto result = stores.sets->put(next, actual);
    memory.fail_after = -1;
    if (!result.ok()) result = stores.sets->put(next, actual);
    ASSERT_TRUE(result.ok()) << result.error().text;
    ASSERT_TRUE(stores.frontends->put(a_frontend(service, service), nullptr).ok());
    rows.insert_or_assign(service, next);
    for (const auto& [number, row] : rows) ASSERT_EQ(reached(number).size(), row.backends.size()) << step;
    ASSERT_EQ(memory.dangling(), "");
    if (random() % 50 == 0) stores = new_agent();
    int reads = static_cast<int>(random() % 100);
    memory.read_fails = [reads]() mutable { return reads-- == 0; };
    (void)stores.sets->list();
    memory.read_fails = [] { return false; };
    auto read = stores.sets->list();
    ASSERT_TRUE(read.ok());
    ASSERT_EQ(read->size(), rows.size());
    for (const auto& row : *read)
      ASSERT_TRUE(std::any_of(rows.begin(), rows.end(), [&](const auto& wanted) { return wanted.second == row; })) << step;
  }
}

}  // namespace
