// The trials that load something: programs of two instructions and maps of one entry, in scratch network namespaces and a scratch
// cgroup, so that no packet of the node meets them.
#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <fcntl.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <memory>

#include "base/fd.h"
#include "io/kernel/features.h"
#include "io/kernel/netkit.h"
#include "io/kernel/netlink_rows.h"
#include "io/kernel/netns.h"

namespace io::kernel {
namespace {

constexpr int kLoopback = 1;  // ifindex of lo in every namespace
constexpr const char* kScratchLink = "ichor-check";

// Where the socket belongs and in the other namespace; `peer` is the kind's attribute for that end.
base::Result<void> make_pair(Netlink& netlink, const std::string& kind, int peer, int other_netns) {
  Message message(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL);
  message.header(ifinfomsg{}).put(IFLA_IFNAME, kScratchLink);
  message.open(IFLA_LINKINFO).put(IFLA_INFO_KIND, kind).open(IFLA_INFO_DATA).open(peer);
  message.header(ifinfomsg{}).put(IFLA_IFNAME, "eth0").put_u32(IFLA_NET_NS_FD, static_cast<uint32_t>(other_netns));
  message.close().close().close();
  return netlink.request(message);
}

// "return 1": allow, and for tc a verdict like any other.
base::Result<base::Fd> load_program(bpf_prog_type type, bpf_attach_type attach) {
  const bpf_insn code[] = {{BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_0, 0, 0, 1}, {BPF_JMP | BPF_EXIT, 0, 0, 0, 0}};
  LIBBPF_OPTS(bpf_prog_load_opts, options, .expected_attach_type = attach);
  base::Fd program(bpf_prog_load(type, "ichor_check", "GPL", code, std::size(code), &options));
  if (!program) return base::errno_error("load a program");
  return program;
}

base::Result<base::Fd> link_program(int program, int target, bpf_attach_type attach, const std::string& what) {
  base::Fd link(bpf_link_create(program, target, attach, nullptr));
  if (!link) return base::errno_error(what);
  return link;
}

// A directory of cgroup2 for as long as this lives.
class ScratchCgroup {
 public:
  explicit ScratchCgroup(const std::string& root) : path_(root + "/ichor-check-" + std::to_string(getpid())) {
    made_ = mkdir(path_.c_str(), 0755) == 0;
    if (made_) fd_ = base::Fd(open(path_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  }
  ScratchCgroup(const ScratchCgroup&) = delete;
  ~ScratchCgroup() {
    if (made_) rmdir(path_.c_str());
  }
  int fd() const { return fd_.get(); }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
  bool made_ = false;
  base::Fd fd_;
};

}  // namespace

base::Result<std::string> try_veth() {
  base::Fd here = TRY(make_netns()), there = TRY(make_netns());
  auto visit = TRY(NetnsVisit::enter(here.get()));
  Netlink netlink = TRY(Netlink::open());
  TRY_IN(make_pair(netlink, "veth", VETH_INFO_PEER, there.get()), "make a veth");
  return std::string("made with its peer in another network namespace");
}

base::Result<std::string> try_netkit() {
  base::Fd here = TRY(make_netns()), there = TRY(make_netns());
  auto visit = TRY(NetnsVisit::enter(here.get()));
  Netlink netlink = TRY(Netlink::open());
  TRY_IN(make_pair(netlink, "netkit", netkit::kPeerInfo, there.get()), "make a netkit");
  const auto link = TRY(read_link(netlink, kScratchLink));
  base::Fd program = TRY(load_program(BPF_PROG_TYPE_SCHED_CLS, BPF_NETKIT_PEER));
  TRY(netkit::attach(link.row.ifindex, program.get()));
  return std::string("made with its peer in another network namespace, and a program was attached");
}

base::Result<std::string> try_cls_bpf() {
  base::Fd scratch = TRY(make_netns());
  auto visit = TRY(NetnsVisit::enter(scratch.get()));
  base::Fd program = TRY(load_program(BPF_PROG_TYPE_SCHED_CLS, static_cast<bpf_attach_type>(0)));
  LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = kLoopback, .attach_point = BPF_TC_INGRESS);
  if (int code = bpf_tc_hook_create(&hook); code) return base::system_error(-code, "make clsact");
  LIBBPF_OPTS(bpf_tc_opts, options, .prog_fd = program.get());
  if (int code = bpf_tc_attach(&hook, &options); code) return base::system_error(-code, "attach cls_bpf");
  return std::string("a filter was attached to clsact");
}

base::Result<std::string> try_tcx() {
  base::Fd scratch = TRY(make_netns());
  auto visit = TRY(NetnsVisit::enter(scratch.get()));
  base::Fd program = TRY(load_program(BPF_PROG_TYPE_SCHED_CLS, BPF_TCX_INGRESS));
  TRY(link_program(program.get(), kLoopback, BPF_TCX_INGRESS, "attach by tcx"));
  return std::string("a program was attached and detached");
}

base::Result<std::string> try_cgroup_link(const std::string& cgroup_root) {
  ScratchCgroup cgroup(cgroup_root);
  if (cgroup.fd() < 0) return base::errno_error(cgroup.path());
  base::Fd program = TRY(load_program(BPF_PROG_TYPE_CGROUP_SOCK_ADDR, BPF_CGROUP_INET4_CONNECT));
  TRY(link_program(program.get(), cgroup.fd(), BPF_CGROUP_INET4_CONNECT, "attach connect4 to " + cgroup.path()));
  return std::string("connect4 was attached in a cgroup of its own");
}

base::Result<std::string> try_socket_storage() {
  std::unique_ptr<btf, decltype(&btf__free)> types(btf__new_empty(), btf__free);
  int type = btf__add_int(types.get(), "int", 4, BTF_INT_SIGNED);
  if (int code = btf__load_into_kernel(types.get()); code) return base::system_error(-code, "load BTF");
  LIBBPF_OPTS(bpf_map_create_opts, options, .btf_fd = static_cast<__u32>(btf__fd(types.get())), .btf_key_type_id = static_cast<__u32>(type),
              .btf_value_type_id = static_cast<__u32>(type), .map_flags = BPF_F_NO_PREALLOC);
  base::Fd map(bpf_map_create(BPF_MAP_TYPE_SK_STORAGE, "ichor_check", 4, 4, 0, &options));
  if (!map) return base::errno_error("make a socket storage map");
  return std::string("a map was made");
}

base::Result<std::string> try_mapped_array() {
  LIBBPF_OPTS(bpf_map_create_opts, options, .map_flags = BPF_F_MMAPABLE);
  base::Fd map(bpf_map_create(BPF_MAP_TYPE_ARRAY, "ichor_check", 4, 8, 1, &options));
  if (!map) return base::errno_error("make an array");
  size_t size = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  void* memory = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, map.get(), 0);
  if (memory == MAP_FAILED) return base::errno_error("map an array into memory");
  munmap(memory, size);
  return std::string("an array was made and mapped");
}

}  // namespace io::kernel
