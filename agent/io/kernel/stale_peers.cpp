#include "io/kernel/stale_peers.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <fcntl.h>
#include <linux/nsfs.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <optional>
#include <set>

#include "base/fd.h"
#include "io/kernel/bpf_pins.h"
#include "io/kernel/netns.h"

namespace io::kernel {
namespace {

constexpr const char* kOwnNetns = "/proc/thread-self/ns/net";

// Maps of the datapath are those that are pinned; a former one is there only while programs change.
base::Result<void> share_maps(bpf_object* object, const std::string& bpf_root) {
  bpf_map* map;
  bpf_object__for_each_map(map, object) {
    const std::string name = bpf_map__name(map);
    if (name.ends_with("_former")) {
      bpf_map__set_autocreate(map, false);
    } else if (find_kind(map_kinds(), name)) {
      const base::Fd pinned = TRY(open_map(bpf_root, name));
      if (const int error = -bpf_map__reuse_fd(map, pinned.get())) return base::system_error(error, "map " + name);
    }
  }
  return {};
}

base::Result<base::Fd> link_iterator(bpf_object* object, const char* program, const bpf_map* over) {
  bpf_iter_link_info target{};
  if (over) target.map.map_fd = static_cast<uint32_t>(bpf_map__fd(over));
  LIBBPF_OPTS(bpf_link_create_opts, options, .iter_info = &target, .iter_info_len = sizeof target);
  base::Fd link(bpf_link_create(bpf_program__fd(bpf_object__find_program_by_name(object, program)), 0, BPF_TRACE_ITER, &options));
  if (!link) return base::errno_error(std::string("iterator ") + program);
  return link;
}

// What the iterator writes, which is numbers; it sees what is in the calling thread's network namespace.
base::Result<std::set<uint32_t>> run_iterator(const base::Fd& link) {
  base::Fd iteration(bpf_iter_create(link.get()));
  if (!iteration) return base::errno_error("iteration");
  std::set<uint32_t> numbers;
  std::array<uint32_t, 1024> read;
  for (;;) {
    const ssize_t size = ::read(iteration.get(), read.data(), sizeof read);
    if (size == 0) return numbers;
    if (size < 0 && (errno == EAGAIN || errno == EINTR)) continue;  // a million sockets are a turn
    if (size < 0) return base::errno_error("iteration");
    numbers.insert(read.begin(), read.begin() + static_cast<size_t>(size) / sizeof read[0]);
  }
}

struct Namespaces {
  std::optional<std::set<uint32_t>> wanted;  // inode numbers; nullopt: all
  std::set<uint32_t> seen;
  std::vector<base::Fd> opened;

  bool complete() const { return wanted && seen.size() == wanted->size(); }
};

// What is no network namespace, or is gone with its sockets, is passed by.
void open_namespaces(const std::vector<std::string>& paths, Namespaces& namespaces) {
  struct stat own{}, found{};
  if (::stat(kOwnNetns, &own) != 0) return;
  for (const auto& path : paths) {
    base::Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    if (!file || ::fstat(file.get(), &found) != 0 || found.st_dev != own.st_dev || ::ioctl(file.get(), NS_GET_NSTYPE) != CLONE_NEWNET)
      continue;
    const auto inode = static_cast<uint32_t>(found.st_ino);
    if (namespaces.wanted && !namespaces.wanted->contains(inode)) continue;
    if (namespaces.seen.insert(inode).second) namespaces.opened.push_back(std::move(file));
  }
}

base::Result<void> run_in(const base::Fd& netns, const base::Fd& link) {
  const NetnsVisit visit = TRY(NetnsVisit::enter(netns.get()));
  TRY(run_iterator(link));
  return {};
}

base::Result<BpfObject> load_programs(const std::string& bpf_root, bool with_find_sockets) {
  BpfObject object = TRY(open_object(on_demand_image()));
  TRY(share_maps(object.get(), bpf_root));
  bpf_program__set_autoload(bpf_object__find_program_by_name(object.get(), "find_sockets"), with_find_sockets);
  TRY(load_object(object.get()));
  return object;
}

}  // namespace

base::Result<StalePeers> StalePeers::load(const std::string& bpf_root) {
  StalePeers peers;
  auto whole = load_programs(bpf_root, true);
  peers.object_ = whole.ok() ? std::move(whole).value() : TRY(load_programs(bpf_root, false));
  bpf_object* object = peers.object_.get();
  if (whole.ok()) peers.find_sockets_ = TRY(link_iterator(object, "find_sockets", bpf_object__find_map_by_name(object, "socket_peers")));
  peers.close_sockets_ = TRY(link_iterator(object, "close_sockets", nullptr));
  return peers;
}

base::Result<void> StalePeers::cut_off(const std::vector<gone_backend>& gone, const NetnsPaths& netns_paths) {
  const int list = bpf_object__find_map_fd_by_name(object_.get(), "gone_backends");
  base::Result<void> result;
  for (size_t from = 0; from < gone.size() && result.ok(); from += GONE_BACKENDS) {
    const size_t to = std::min(gone.size(), from + GONE_BACKENDS);
    const uint32_t zero = 0;
    for (size_t i = from; i < to && result.ok(); ++i)
      if (bpf_map_update_elem(list, &gone[i], &zero, BPF_ANY) != 0) result = base::errno_error("map gone_backends");
    if (result.ok()) result = cut_off_listed(netns_paths);
    for (size_t i = from; i < to; ++i) bpf_map_delete_elem(list, &gone[i]);
  }
  return result;
}

base::Result<void> StalePeers::cut_off_listed(const NetnsPaths& netns_paths) {
  LIBBPF_OPTS(bpf_test_run_opts, options);
  const bpf_program* end_flows = bpf_object__find_program_by_name(object_.get(), "end_flows");
  if (bpf_prog_test_run_opts(bpf_program__fd(end_flows), &options) != 0) return base::errno_error("program end_flows");

  Namespaces namespaces;
  if (find_sockets_) namespaces.wanted = TRY(run_iterator(find_sockets_));
  open_namespaces({kOwnNetns}, namespaces);
  if (!namespaces.complete()) open_namespaces(netns_paths(), namespaces);
  base::Result<void> result;
  for (const auto& netns : namespaces.opened)
    if (auto done = run_in(netns, close_sockets_); !done.ok()) result = base::with_context(done.error(), "sockets of a gone backend");
  return result;
}

}  // namespace io::kernel
