// The stores of the datapath against the real kernel: what is put is listed, what is right is not written again, what broke is mended.
#include <bpf/bpf.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "abi/pods.h"
#include "io/kernel/attachments.h"
#include "io/kernel/bpf_hash.h"
#include "io/kernel/bpf_object.h"
#include "io/kernel/bpf_pins.h"
#include "io/kernel/datapath_object.h"
#include "io/kernel/filters.h"
#include "io/kernel/pod_entries.h"
#include "io/kernel/service_maps.h"
#include "model/abi_address.h"
#include "support/datapath.h"

using io::kernel::AttachmentStore;
using io::kernel::DatapathObjectStore;
using io::kernel::FilterStore;
using io::kernel::open_map;
using io::kernel::open_program;
using io::kernel::PinnedServiceMaps;
using io::kernel::PodEntryStore;
using io::kernel::program_generation;
using model::desired::Attachment;
using model::desired::DatapathObject;
using model::desired::Filter;
using model::desired::FilterSide;
using model::desired::Hook;
using model::desired::PodEntry;

namespace {

class DatapathStores : public support::DatapathTest {};

template <class Row>
std::vector<Row> rows_of(io::Store<Row>& store) {
  auto rows = store.list();
  EXPECT_TRUE(rows.ok()) << rows.error().text;
  return rows.ok() ? std::move(rows).value() : std::vector<Row>();
}

template <class Row>
void put(io::Store<Row>& store, const Row& row, const Row* actual = nullptr) {
  auto result = store.put(row, actual);
  EXPECT_TRUE(result.ok()) << result.error().text;
}

template <class Row>
void remove(io::Store<Row>& store, const Row& row) {
  auto result = store.remove(row);
  EXPECT_TRUE(result.ok()) << result.error().text;
}

uint32_t id_of(const std::string& bpf_root, const std::string& program) {
  auto fd = open_program(bpf_root, program_generation(), program);
  return fd.ok() ? io::kernel::program_id(fd->get()).value() : 0;
}

}  // namespace

TEST_F(DatapathStores, ObjectThatWasPutIsListedWithItsSizes) {
  DatapathObjectStore store(bpf_root_);
  EXPECT_TRUE(rows_of(store).empty());

  put(store, object_of(64));

  DatapathObjectStore restarted(bpf_root_);
  EXPECT_EQ(rows_of(restarted), std::vector{object_of(64)});
}

TEST_F(DatapathStores, ObjectThatIsPinnedIsNotLoadedAgain) {
  DatapathObjectStore store(bpf_root_);
  put(store, object_of(64));
  uint32_t before = id_of(bpf_root_, "connect4");

  put(store, object_of(64));

  EXPECT_NE(before, 0U);
  EXPECT_EQ(id_of(bpf_root_, "connect4"), before);
}

TEST_F(DatapathStores, ObjectHalfPinnedByACrashIsFinished) {
  DatapathObjectStore store(bpf_root_);
  put(store, object_of(64));
  const std::string programs = bpf_root_ + "/programs/";
  ASSERT_EQ(rename((programs + program_generation()).c_str(), (programs + program_generation() + "-new").c_str()), 0);
  ASSERT_EQ(unlink((programs + program_generation() + "-new/sendmsg6").c_str()), 0);
  EXPECT_TRUE(rows_of(store).empty());

  put(store, object_of(64));

  EXPECT_EQ(rows_of(store), std::vector{object_of(64)});
  EXPECT_EQ(io::kernel::pin_names(bpf_root_ + "/programs").value(), std::vector{program_generation()});
  EXPECT_NE(id_of(bpf_root_, "sendmsg6"), 0U);
}

TEST_F(DatapathStores, ObjectWhosePutWasKilledAnywhereIsFinishedByTheNext) {
  constexpr useconds_t kLastMicrosecond = 20000, kStep = 1000;  // a put takes about as long
  for (useconds_t moment = 0; moment <= kLastMicrosecond; moment += kStep) {
    DatapathObjectStore store(bpf_root_);
    pid_t child = fork();
    if (child == 0) _exit(store.put(object_of(64), nullptr).ok() ? 0 : 1);
    usleep(moment);
    kill(child, SIGKILL);
    waitpid(child, nullptr, 0);

    put(store, object_of(64));

    ASSERT_EQ(rows_of(store), std::vector{object_of(64)}) << "killed after " << moment << " us";
    remove(store, object_of(64));
    auto maps = io::kernel::pin_names(bpf_root_ + "/maps");
    for (const auto& map : *maps) unlink((bpf_root_ + "/maps/" + map).c_str());
  }
}

TEST_F(DatapathStores, ObjectThatLostAMapIsLoadedAnew) {
  DatapathObjectStore store(bpf_root_);
  put(store, object_of(64));
  ASSERT_EQ(unlink((bpf_root_ + "/maps/frontend_sets_v1").c_str()), 0);
  EXPECT_NE(rows_of(store), std::vector{object_of(64)});

  put(store, object_of(64));

  EXPECT_EQ(rows_of(store), std::vector{object_of(64)});
}

TEST_F(DatapathStores, RootOutsideABpffsIsAnErrorThatSaysSo) {
  DatapathObjectStore store("/tmp/ichor-no-bpffs/pins");

  auto result = store.put(object_of(64), nullptr);

  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error().code, EOPNOTSUPP);
  EXPECT_NE(result.error().text.find("/tmp is not in a bpffs"), std::string::npos) << result.error().text;
}

TEST_F(DatapathStores, AttachmentOutlivesItsStoreAndIsUpdatedInPlace) {
  load_datapath();
  support::OwnCgroup cgroup;
  if (cgroup.path().empty()) GTEST_SKIP() << "no cgroup2 tree";
  Attachment row{.hook = Hook::kConnect4, .target = cgroup.path(), .generation = program_generation()};
  {
    AttachmentStore store(bpf_root_);
    put(store, row);
  }
  AttachmentStore store(bpf_root_);
  EXPECT_EQ(rows_of(store), std::vector{row});

  // The programs go: the link runs one that no generation holds. Those that are loaded anew, as by an upgrade, take their hooks over.
  DatapathObjectStore objects(bpf_root_);
  remove(objects, object_of(64));
  ASSERT_EQ(rows_of(store).size(), 1U);
  EXPECT_EQ(rows_of(store)[0].generation, "?");
  put(objects, object_of(64));
  EXPECT_EQ(rows_of(store), std::vector{row});
  put(store, row);
  EXPECT_EQ(rows_of(store), std::vector{row});

  remove(store, row);
  remove(store, row);
  EXPECT_TRUE(rows_of(store).empty());
}

TEST_F(DatapathStores, EveryCgroupHookCanBePut) {
  load_datapath();
  support::OwnCgroup cgroup;
  if (cgroup.path().empty()) GTEST_SKIP() << "no cgroup2 tree";
  AttachmentStore store(bpf_root_);

  size_t count = 0;
  for (const auto& facts : model::desired::kHooks) {
    if (facts.target != model::desired::HookTarget::kCgroup) continue;
    put(store, Attachment{.hook = facts.hook, .target = cgroup.path(), .generation = program_generation()});
    ++count;
  }

  EXPECT_EQ(rows_of(store).size(), count);
}

TEST_F(DatapathStores, UplinkThatCameAgainUnderItsNameIsAttachedAgain) {
  load_datapath();
  AttachmentStore store(bpf_root_);
  Attachment row{.hook = Hook::kUplinkIngress, .target = "up.100", .generation = program_generation()};
  EXPECT_FALSE(store.put(row, nullptr).ok());
  ASSERT_TRUE(support::run("ip link add up.100 type veth peer name far"));
  put(store, row);
  EXPECT_EQ(rows_of(store), std::vector{row});

  ASSERT_TRUE(support::run("ip link del up.100 && ip link add up.100 type veth peer name far"));
  ASSERT_EQ(rows_of(store).size(), 1U);
  EXPECT_EQ(rows_of(store)[0].generation, "");
  put(store, row);

  EXPECT_EQ(rows_of(store), std::vector{row});
  remove(store, row);
  EXPECT_TRUE(rows_of(store).empty());
}

TEST_F(DatapathStores, PinsWhoseDeviceOrCgroupIsGoneOrHasAnotherNameAreFoundAndRemoved) {
  load_datapath();
  AttachmentStore store(bpf_root_);
  ASSERT_TRUE(support::run("ip link add gone0 type veth peer name far0 && ip link add old0 type veth peer name far1"));
  for (const char* device : {"gone0", "old0"})
    put(store, Attachment{.hook = Hook::kUplinkIngress, .target = device, .generation = program_generation()});
  {
    support::OwnCgroup cgroup;
    if (!cgroup.path().empty())
      put(store, Attachment{.hook = Hook::kConnect4, .target = cgroup.path(), .generation = program_generation()});
  }
  ASSERT_TRUE(support::run("ip link del gone0 && ip link set old0 name new0"));

  const std::vector<Attachment> left = rows_of(store);
  EXPECT_GE(left.size(), 2U);
  for (const auto& row : left) {
    EXPECT_EQ(row.generation, "") << row.key();
    remove(store, row);
  }

  EXPECT_TRUE(rows_of(store).empty());
  EXPECT_EQ(io::kernel::pin_names(bpf_root_ + "/links")->size(), 0U);
  put(store, Attachment{.hook = Hook::kUplinkIngress, .target = "new0", .generation = program_generation()});
  EXPECT_EQ(support::output_of("bpftool net show dev new0 | grep -c uplink_ingress"), "1\n");
}

TEST_F(DatapathStores, FiltersAreFoundOnPodLinksAlone) {
  load_datapath();
  ASSERT_TRUE(support::run("ip link add ich00000000000a type veth peer name fara && ip link add other type veth peer name farb"));
  FilterStore store(bpf_root_);
  std::vector<Filter> rows = {{.link = "ich00000000000a", .side = FilterSide::kFromPod, .generation = program_generation()},
                              {.link = "ich00000000000a", .side = FilterSide::kToPod, .generation = program_generation()}};
  EXPECT_TRUE(rows_of(store).empty());

  for (const auto& row : rows) put(store, row);
  put(store, Filter{.link = "other", .side = FilterSide::kFromPod, .generation = program_generation()});

  FilterStore restarted(bpf_root_);
  EXPECT_EQ(rows_of(restarted), rows);
  remove(restarted, rows[0]);
  remove(restarted, rows[0]);
  EXPECT_EQ(rows_of(restarted), std::vector{rows[1]});
}

TEST_F(DatapathStores, FilterOfAnotherGenerationIsReplaced) {
  load_datapath();
  ASSERT_TRUE(support::run("ip link add ich00000000000a type veth peer name fara"));
  FilterStore store(bpf_root_);
  Filter row{.link = "ich00000000000a", .side = FilterSide::kFromPod, .generation = program_generation()};
  put(store, row);
  DatapathObjectStore objects(bpf_root_);
  remove(objects, object_of(64));
  ASSERT_EQ(rows_of(store).size(), 1U);
  EXPECT_EQ(rows_of(store)[0].generation, "?");

  put(objects, object_of(64));

  EXPECT_EQ(rows_of(store), std::vector{row});
  std::string filters = support::output_of("tc filter show dev ich00000000000a ingress");
  EXPECT_EQ(filters.find("ichor:"), filters.rfind("ichor:")) << filters;
}

TEST_F(DatapathStores, FilterForAMissingLinkIsAnErrorAndItsRemovalIsNone) {
  load_datapath();
  FilterStore store(bpf_root_);
  Filter row{.link = "ichgone", .side = FilterSide::kFromPod, .generation = program_generation()};

  auto result = store.put(row, nullptr);

  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error().code, ENODEV);
  EXPECT_TRUE(store.remove(row).ok());
}

TEST_F(DatapathStores, PodEntryNamesItsLinkAndMayMove) {
  PodEntryStore store(bpf_root_);
  EXPECT_TRUE(rows_of(store).empty());
  load_datapath();
  ASSERT_TRUE(support::run("ip link add ich00000000000a type veth peer name fara && ip link add ich00000000000b type veth peer name farb"));
  PodEntry row{
      .address = *base::parse_ip("10.1.0.2"), .link = "ich00000000000a", .host_mac = {{2, 0, 0, 0, 0, 1}}, .pod_mac = {{2, 0, 0, 0, 0, 2}}};
  put(store, row);
  EXPECT_EQ(rows_of(store), std::vector{row});

  PodEntry moved = row;
  moved.link = "ich00000000000b";
  put(store, moved, &row);

  EXPECT_EQ(rows_of(store), std::vector{moved});
  remove(store, moved);
  remove(store, moved);
  EXPECT_TRUE(rows_of(store).empty());
}

TEST_F(DatapathStores, PodEntryOfAVanishedLinkCanBeRemoved) {
  load_datapath();
  ASSERT_TRUE(support::run("ip link add ich00000000000a type veth peer name fara"));
  PodEntryStore store(bpf_root_);
  put(store, PodEntry{.address = *base::parse_ip("fd00::2"), .link = "ich00000000000a", .host_mac = {}, .pod_mac = {}});
  ASSERT_TRUE(support::run("ip link del ich00000000000a"));

  auto rows = rows_of(store);

  ASSERT_EQ(rows.size(), 1U);
  EXPECT_EQ(rows[0].link[0], '#');
  remove(store, rows[0]);
  EXPECT_TRUE(rows_of(store).empty());
}

TEST_F(DatapathStores, PodEntryHalfWrittenIsMendedByPutAndEndedByRemove) {
  load_datapath();
  ASSERT_TRUE(support::run("ip link add ich00000000000a type veth peer name fara"));
  PodEntryStore store(bpf_root_);
  PodEntry row{.address = *base::parse_ip("10.1.0.2"), .link = "ich00000000000a", .host_mac = {}, .pod_mac = {}};
  put(store, row);
  auto pods = io::kernel::HashMap<ip_addr, pod>::open(bpf_root_, "pods");
  ASSERT_TRUE(pods.ok() && pods->erase(model::to_abi(row.address)).ok());

  auto half = rows_of(store);
  ASSERT_EQ(half.size(), 1U);
  EXPECT_NE(half[0], row);
  put(store, row, &half[0]);
  EXPECT_EQ(rows_of(store), std::vector{row});

  ASSERT_TRUE(pods->erase(model::to_abi(row.address)).ok());
  remove(store, rows_of(store)[0]);
  EXPECT_TRUE(rows_of(store).empty());
}

TEST_F(DatapathStores, ServiceMapsKeepWhatIsStoredAcrossARestart) {
  load_datapath();
  PinnedServiceMaps maps(bpf_root_);
  auto sizes = maps.open();
  ASSERT_TRUE(sizes.ok());
  EXPECT_EQ(sizes->slots, 4096U);
  struct backend last = {.address = {{1, 2, 3, 4}}, .port_be = 5, .zero = 0, .node = 0};

  ASSERT_TRUE(maps.set_backend(sizes->backends - 1, last).ok());
  ASSERT_TRUE(maps.set_slot(sizes->slots - 1, {.backend = 42, .other = 0}).ok());
  ASSERT_TRUE(maps.set_handle(sizes->sets - 1, service_handle_pack(1, 2, 3)).ok());
  ASSERT_TRUE(maps.set_options(sizes->sets - 1, service_options_pack(60)).ok());
  ASSERT_TRUE(maps.set_hash(sizes->sets - 1, 7).ok());

  PinnedServiceMaps restarted(bpf_root_);
  EXPECT_EQ(restarted.backend(sizes->backends - 1)->port_be, 5);
  EXPECT_EQ(restarted.slot(sizes->slots - 1)->backend, 42U);
  EXPECT_EQ(restarted.handle(sizes->sets - 1).value(), service_handle_pack(1, 2, 3));
  EXPECT_FALSE(restarted.handle(sizes->sets).ok());
  EXPECT_EQ(restarted.options(sizes->sets - 1).value(), service_options_pack(60));
  EXPECT_EQ(restarted.hashes().value(), (std::vector<std::pair<uint32_t, uint64_t>>{{sizes->sets - 1, 7}}));
  uint32_t index = sizes->slots - 1;
  service_slot seen{};
  ASSERT_EQ(bpf_map_lookup_elem(open_map(bpf_root_, "set_slots")->get(), &index, &seen), 0);
  EXPECT_EQ(seen.backend, 42U);
}

TEST_F(DatapathStores, ServiceMapsOpenOnlyWhereADatapathIs) {
  PinnedServiceMaps maps(bpf_root_);

  auto sizes = maps.open();

  ASSERT_FALSE(sizes.ok());
  EXPECT_EQ(sizes.error().code, ENOENT);
}
