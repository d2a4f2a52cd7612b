// The stores of masquerade against the real kernel.
#include "io/kernel/masquerade_maps.h"

#include <gmock/gmock.h>
#include <net/if.h>

#include <algorithm>

#include "io/kernel/datapath_object.h"
#include "model/abi_address.h"
#include "support/builders.h"
#include "support/datapath.h"

namespace {

using io::kernel::MasqueradeSourceStore;
using io::kernel::UnmasqueradedStore;
using model::desired::MasqueradeSource;
using model::desired::Unmasqueraded;
using support::cidr;
using support::ip;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::UnorderedElementsAre;
using testing::UnorderedElementsAreArray;

class DatapathMasqueradeMaps : public support::DatapathTest {
 protected:
  template <class Store>
  auto rows_of(Store&& store) {
    auto rows = store.list();
    EXPECT_TRUE(rows.ok()) << rows.error().text;
    return std::move(rows).value();
  }
  // As a program asks: the whole address.
  bool is_unmasqueraded(const std::string& address) {
    auto map = io::kernel::HashMap<unmasqueraded_key, uint32_t>::open(bpf_root_, "unmasqueraded");
    auto found = map->find({.prefix_length = 128, .address = model::to_abi(ip(address))});
    return found.ok() && found->has_value();
  }
};

TEST_F(DatapathMasqueradeMaps, SourcesAreOfAnUplinkAndFamilyAndAreFoundAfterTheUplinkIsGone) {
  const MasqueradeSource v4{"up0", ip("192.168.42.11")}, v6{"up0", ip("2001:db8::11")};
  MasqueradeSourceStore store(bpf_root_);
  EXPECT_THAT(rows_of(store), IsEmpty());
  load_datapath();
  EXPECT_EQ(store.put(v4, nullptr).error().code, ENODEV);

  ASSERT_TRUE(support::run("ip link add up0 type veth peer name far0"));
  const uint32_t number = if_nametoindex("up0");
  ASSERT_TRUE(store.put(v4, nullptr).ok() && store.put(v6, nullptr).ok());
  EXPECT_THAT(rows_of(store), UnorderedElementsAre(v4, v6));
  auto map = io::kernel::HashMap<masquerade_uplink, masquerade_source>::open(bpf_root_, "masquerade_sources");
  const auto found = map->find({.ifindex = number, .is_v6 = 1});
  ASSERT_TRUE(found.ok() && *found);
  EXPECT_EQ(model::from_abi((*found)->address), v6.address);
  ASSERT_TRUE(store.remove(v6).ok());

  ASSERT_TRUE(support::run("ip link del up0 && ip link add up0 type veth peer name far0"));
  const MasqueradeSource left{"#" + std::to_string(number), v4.address};
  EXPECT_THAT(rows_of(store), ElementsAre(left));
  ASSERT_TRUE(store.put(v4, nullptr).ok() && store.remove(left).ok());
  EXPECT_THAT(rows_of(store), ElementsAre(v4));
  ASSERT_TRUE(support::run("ip link del up0"));
  EXPECT_TRUE(store.remove(v4).ok());
}

TEST_F(DatapathMasqueradeMaps, PrefixesOfBothFamiliesAreListedAsTheyWerePutAndCoverWhatLiesInThem) {
  UnmasqueradedStore store(bpf_root_);
  EXPECT_THAT(rows_of(store), IsEmpty());
  load_datapath();
  std::vector<Unmasqueraded> rows = {{cidr("240.0.0.0/4"), ""},
                                     {cidr("fe80::/10"), ""},
                                     {cidr("192.168.42.11/32"), ""},
                                     {cidr("2001:db8::1/128"), ""},
                                     {cidr("8000::/1"), ""}};
  for (int i = 0; i < 800; ++i)
    rows.push_back({cidr((i % 2 ? "10." : "fd00:") + std::to_string(i / 100) + (i % 2 ? "." : ":") + std::to_string(i % 100) +
                         (i % 2 ? ".0/24" : "::/64")),
                    ""});
  for (const auto& row : rows) ASSERT_TRUE(store.put(row, nullptr).ok()) << row.key();

  EXPECT_THAT(rows_of(store), UnorderedElementsAreArray(rows));
  EXPECT_TRUE(is_unmasqueraded("250.1.2.3") && is_unmasqueraded("10.7.99.5") && is_unmasqueraded("fd00:7:98::5"));
  EXPECT_TRUE(is_unmasqueraded("192.168.42.11") && is_unmasqueraded("fe80::1"));
  EXPECT_FALSE(is_unmasqueraded("192.168.42.12") || is_unmasqueraded("10.8.0.1") || is_unmasqueraded("2001:db8::2"));

  for (const auto& row : rows) ASSERT_TRUE(store.remove(row).ok() && store.remove(row).ok()) << row.key();
  EXPECT_THAT(rows_of(store), IsEmpty());
}

TEST_F(DatapathMasqueradeMaps, AMapWithoutRoomIsAnErrorOfTheRowAndAWiderOneKeepsItsEntries) {
  load_datapath();
  UnmasqueradedStore store(bpf_root_);
  auto row = [](int i) { return Unmasqueraded{cidr("10.0." + std::to_string(i / 256) + "." + std::to_string(i % 256) + "/32"), ""}; };
  int count = 0;
  base::Result<void> put;
  for (; count < 5000 && put.ok(); ++count) put = store.put(row(count), nullptr);
  ASSERT_FALSE(put.ok());
  EXPECT_THAT(put.error().text, HasSubstr("unmasqueraded is full"));

  auto wider = object_of(64);
  for (auto& map : wider.maps)
    if (map.map == "unmasqueraded") map.entries *= 2;
  const auto grown = io::kernel::DatapathObjectStore(bpf_root_).put(wider, nullptr);
  ASSERT_TRUE(grown.ok()) << grown.error().text;
  EXPECT_EQ(rows_of(UnmasqueradedStore(bpf_root_)).size(), static_cast<size_t>(count - 1));
  EXPECT_TRUE(store.put(row(count), nullptr).ok());
}

}  // namespace
