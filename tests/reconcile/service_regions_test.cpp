#include "reconcile/service_regions.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>

#include <random>

#include "support/builders.h"
#include "support/memory_service_maps.h"

namespace {

using model::desired::Backend;
using model::desired::ServiceEntry;
using support::ip;

ServiceEntry entry(int service, const std::vector<int>& backends) {
  ServiceEntry row;
  row.name = "s" + std::to_string(service);
  row.frontends = {{ip("10.96.0." + std::to_string(service)), 80, model::Protocol::kTcp}};
  for (int backend : backends) row.backends.push_back({ip("10.42.0." + std::to_string(backend)), 8080});
  return row;
}

struct ServiceRegions : testing::Test {
  support::ServiceMemory memory;
  base::BootTime now{1};
  reconcile::ServiceRegions store{std::make_unique<support::MemoryServiceMaps>(memory), [this] { return now; }};

  // Addresses that a program would reach through the frontend, in slot order.
  std::vector<std::string> reached(const ServiceEntry& row) {
    for (const auto& [text, frontend] : memory.frontends) {
      if (std::memcmp(&frontend.first.address, row.frontends[0].address.bytes.data(), 16) != 0) continue;
      service_handle handle = memory.handles[frontend.second];
      std::vector<std::string> addresses;
      for (uint32_t i = 0; i < service_handle_size(handle); ++i) {
        base::Ip address;
        std::memcpy(address.bytes.data(), &memory.backends[memory.slots[service_handle_base(handle) + i]].address, 16);
        addresses.push_back(base::to_string(address));
      }
      return addresses;
    }
    return {"no frontend"};
  }
};

TEST_F(ServiceRegions, WhatWasPutIsReachedAndReadBack) {
  auto row = entry(1, {3, 4});
  ASSERT_TRUE(store.put(row, nullptr).ok());

  EXPECT_EQ(reached(row), (std::vector<std::string>{"10.42.0.3", "10.42.0.4"}));
  reconcile::ServiceRegions restarted(std::make_unique<support::MemoryServiceMaps>(memory), [this] { return now; });
  auto read = restarted.list();
  ASSERT_TRUE(read.ok());
  ASSERT_EQ(read->size(), 1u);
  EXPECT_EQ(read->front(), row);
}

TEST_F(ServiceRegions, AChangeOfBackendsIsOneStoreOfTheHandle) {
  auto before = entry(1, {3, 4}), after = entry(1, {4, 5, 6});
  ASSERT_TRUE(store.put(before, nullptr).ok());
  uint64_t stores = memory.handle_stores;

  ASSERT_TRUE(store.put(after, &before).ok());

  EXPECT_EQ(memory.handle_stores, stores + 1);
  EXPECT_EQ(reached(after), (std::vector<std::string>{"10.42.0.4", "10.42.0.5", "10.42.0.6"}));
}

TEST_F(ServiceRegions, AnOldHandleStillReadsItsOwnBackendsDuringTheGracePeriod) {
  auto before = entry(1, {3, 4});
  ASSERT_TRUE(store.put(before, nullptr).ok());
  service_handle old = memory.handles[memory.frontends.begin()->second.second];
  auto slots = memory.slots;
  auto backends = memory.backends;
  auto after = entry(1, {5});
  ASSERT_TRUE(store.put(after, &before).ok());

  for (int service = 2; service < 20; ++service) ASSERT_TRUE(store.put(entry(service, {service + 20}), nullptr).ok());

  for (uint32_t i = 0; i < service_handle_size(old); ++i) {
    uint32_t slot = service_handle_base(old) + i;
    EXPECT_EQ(memory.slots[slot], slots[slot]);
    EXPECT_EQ(std::memcmp(&memory.backends[slots[slot]], &backends[slots[slot]], sizeof(struct backend)), 0);
  }
}

TEST_F(ServiceRegions, AfterTheGracePeriodRegionsAreUsedAgainForEver) {
  ServiceEntry row = entry(1, {1, 2, 3, 4});
  ASSERT_TRUE(store.put(row, nullptr).ok());
  for (int i = 0; i < 2000; ++i) {
    now += reconcile::kReuseGrace;
    ServiceEntry next = entry(1, {1 + i % 50, 60 + i % 7, 100 + i % 3});
    ASSERT_TRUE(store.put(next, &row).ok()) << i;
    row = next;
  }
  EXPECT_EQ(reached(row).size(), 3u);
}

TEST_F(ServiceRegions, FullSlotsAreAnErrorThatNamesThemAndHarmNoOtherService) {
  memory.sizes.slots = 5;
  auto first = entry(1, {1, 2, 3});
  ASSERT_TRUE(store.put(first, nullptr).ok());

  auto result = store.put(entry(2, {4, 5, 6}), nullptr);

  ASSERT_FALSE(result.ok());
  EXPECT_NE(result.error().text.find("5 slots"), std::string::npos) << result.error().text;
  EXPECT_EQ(reached(first).size(), 3u);
  EXPECT_TRUE(store.put(entry(2, {4, 5}), nullptr).ok());
}

TEST_F(ServiceRegions, AServiceWithoutBackendsIsAFrontendWithAnEmptyHandle) {
  auto row = entry(1, {});
  ASSERT_TRUE(store.put(row, nullptr).ok());

  EXPECT_TRUE(reached(row).empty());
}

TEST_F(ServiceRegions, ARemovedServiceIsReachedNoMore) {
  auto row = entry(1, {1});
  ASSERT_TRUE(store.put(row, nullptr).ok());
  ASSERT_TRUE(store.remove(row).ok());

  EXPECT_EQ(reached(row), std::vector<std::string>{"no frontend"});
  EXPECT_TRUE(store.remove(row).ok());
}

using Writes = std::vector<std::string>;

struct ServiceAffinity : ServiceRegions {
  uint64_t flags() { return service_handle_flags(memory.handles[memory.frontends.begin()->second.second]); }
  uint32_t seconds() { return memory.affinity_seconds[memory.frontends.begin()->second.second]; }
  ServiceEntry put(ServiceEntry row, const ServiceEntry* actual = nullptr) {
    memory.writes.clear();
    EXPECT_TRUE(store.put(row, actual).ok());
    return row;
  }
  static ServiceEntry with_affinity(ServiceEntry row, uint32_t seconds) { return row.affinity_seconds = seconds, row; }
};

TEST_F(ServiceAffinity, TheTimeoutIsThereBeforeTheHandleByWhichItCounts) {
  put(with_affinity(entry(1, {3, 4}), 60));

  EXPECT_EQ(memory.writes, (Writes{"affinity seconds", "backend", "backend", "slot", "slot", "handle", "frontend"}));
  EXPECT_EQ(flags(), SERVICE_AFFINITY);
  EXPECT_EQ(seconds(), 60u);
}

TEST_F(ServiceAffinity, SwitchingIsOneStoreOfTheHandleAndANewTimeoutOneStoreOfItself) {
  auto none = put(entry(1, {3, 4}));
  service_handle before = memory.handles[memory.frontends.begin()->second.second];

  auto some = put(with_affinity(none, 60), &none);
  EXPECT_EQ(memory.writes, (Writes{"affinity seconds", "handle"}));
  auto longer = put(with_affinity(none, 90), &some);
  EXPECT_EQ(memory.writes, Writes{"affinity seconds"});
  EXPECT_EQ(seconds(), 90u);
  put(none, &longer);
  EXPECT_EQ(memory.writes, Writes{"handle"});
  EXPECT_EQ(memory.handles[memory.frontends.begin()->second.second], before);
}

TEST_F(ServiceAffinity, FlagsAreReadBackByTheNextAgent) {
  auto kept = put(with_affinity(entry(1, {3}), 60));
  auto elsewhere = entry(2, {});
  elsewhere.endpoints_elsewhere = true;
  put(elsewhere);

  reconcile::ServiceRegions restarted(std::make_unique<support::MemoryServiceMaps>(memory), [this] { return now; });
  auto read = restarted.list();
  ASSERT_TRUE(read.ok());
  std::sort(read->begin(), read->end(), [](const auto& a, const auto& b) { return a.frontends < b.frontends; });
  EXPECT_EQ(*read, (std::vector{kept, elsewhere}));

  memory.writes.clear();
  ASSERT_TRUE(restarted.put(with_affinity(kept, 61), &kept).ok());
  EXPECT_EQ(memory.writes, Writes{"affinity seconds"});
}

TEST_F(ServiceAffinity, EndpointsElsewhereAreAFlagOfTheEmptyHandle) {
  auto row = put(entry(1, {3}));
  auto elsewhere = entry(1, {});
  elsewhere.endpoints_elsewhere = true;

  put(elsewhere, &row);
  EXPECT_EQ(flags(), SERVICE_ELSEWHERE);
  put(entry(1, {}), &elsewhere);
  EXPECT_EQ(memory.writes, Writes{"handle"});
  EXPECT_EQ(flags(), 0u);
}

// Whatever write fails, and whatever is tried next, readers meet whole sets only and a retry succeeds.
TEST_F(ServiceRegions, AnyWriteMayFailAndARetryMendsIt) {
  std::mt19937 random(1);
  std::map<int, ServiceEntry> rows;
  for (int step = 0; step < 3000; ++step) {
    now += base::Millis(random() % 800);
    int service = 1 + static_cast<int>(random() % 10);
    std::vector<int> backends;
    for (uint32_t i = random() % 5; i > 0; --i) backends.push_back(static_cast<int>(1 + backends.size() * 10 + random() % 9));
    std::sort(backends.begin(), backends.end());
    ServiceEntry next = entry(service, backends);
    next.affinity_seconds = random() % 2 * (1 + random() % 2);
    auto known = rows.find(service);
    memory.fail_after = static_cast<int>(random() % 12);
    auto result = store.put(next, known == rows.end() ? nullptr : &known->second);
    memory.fail_after = -1;
    if (!result.ok()) result = store.put(next, known == rows.end() ? nullptr : &known->second);
    ASSERT_TRUE(result.ok()) << result.error().text;
    rows.insert_or_assign(service, next);
    for (const auto& [number, row] : rows) ASSERT_EQ(reached(row).size(), row.backends.size()) << step;
    if (step % 500 == 499) {
      auto read = store.list();
      ASSERT_TRUE(read.ok());
      ASSERT_EQ(read->size(), rows.size());
    }
  }
}

}  // namespace
