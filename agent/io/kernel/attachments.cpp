#include "io/kernel/attachments.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <fcntl.h>
#include <net/if.h>
#include <sys/stat.h>

#include <optional>

#include "io/kernel/bpf_pins.h"

namespace io::kernel {
namespace {

using model::desired::Attachment;
using model::desired::facts_of;
using model::desired::Hook;

bool is_uplink(Hook hook) { return facts_of(hook).target == model::desired::HookTarget::kUplink; }

bool is_plain(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_'; }

// A name in a bpffs has neither '/' nor '.': those bytes and '@' are written as %XX.
std::string escape(const std::string& target) {
  std::string name;
  for (char c : target) {
    char code[4];
    std::snprintf(code, sizeof code, "%%%02X", static_cast<unsigned char>(c));
    if (is_plain(c))
      name += c;
    else
      name += code;
  }
  return name;
}

std::optional<std::string> unescape(std::string_view name) {
  std::string target;
  for (size_t i = 0; i < name.size(); ++i) {
    if (name[i] != '%') {
      target += name[i];
      continue;
    }
    if (i + 2 >= name.size()) return std::nullopt;
    target += static_cast<char>(std::strtol(std::string(name.substr(i + 1, 2)).c_str(), nullptr, 16));
    i += 2;
  }
  return target;
}

// The row that a pin's name stands for, without its generation; nullopt: not one of ours.
std::optional<Attachment> row_of(const std::string& pin) {
  size_t at = pin.find('@');
  if (at == pin.npos) return std::nullopt;
  auto target = unescape(std::string_view(pin).substr(at + 1));
  if (!target) return std::nullopt;
  for (const auto& facts : model::desired::kHooks)
    if (pin.substr(0, at) == facts.name) return Attachment{.hook = facts.hook, .target = *target, .generation = {}};
  return std::nullopt;
}

// The program that the link runs on that very target; nullopt when the cgroup or device is gone or another one of the same name.
base::Result<std::optional<uint32_t>> program_on_target(int link_fd, const Attachment& row) {
  bpf_link_info facts = {};
  uint32_t size = sizeof facts;
  if (bpf_link_get_info_by_fd(link_fd, &facts, &size) != 0) return base::errno_error("link of " + row.target);
  bool attached;
  if (is_uplink(row.hook)) {
    attached = facts.type == BPF_LINK_TYPE_TCX && facts.tcx.ifindex != 0 && facts.tcx.ifindex == if_nametoindex(row.target.c_str());
  } else {
    struct stat cgroup;  // a cgroup's id is its inode number
    attached = facts.type == BPF_LINK_TYPE_CGROUP && stat(row.target.c_str(), &cgroup) == 0 && facts.cgroup.cgroup_id == cgroup.st_ino;
  }
  return attached ? std::optional<uint32_t>(facts.prog_id) : std::nullopt;
}

base::Result<base::Fd> attach(int program_fd, const Attachment& row) {
  int target;
  base::Fd cgroup;
  if (is_uplink(row.hook)) {
    target = static_cast<int>(if_nametoindex(row.target.c_str()));
    if (target == 0) return base::errno_error("device " + row.target);
  } else {
    cgroup = base::Fd(open(row.target.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!cgroup) return base::errno_error("cgroup " + row.target);
    target = cgroup.get();
  }
  bpf_attach_type type;
  if (int error = -libbpf_attach_type_by_name(facts_of(row.hook).section, &type))
    return base::system_error(error, facts_of(row.hook).section);
  int link = bpf_link_create(program_fd, target, type, nullptr);
  if (link < 0) return base::errno_error(std::string(facts_of(row.hook).name) + " on " + row.target);
  return base::Fd(link);
}

}  // namespace

std::string AttachmentStore::pin_path(const Attachment& row) const {
  return bpf_root_ + "/links/" + facts_of(row.hook).name + "@" + escape(row.target);
}

base::Result<std::vector<Attachment>> AttachmentStore::list() {
  auto generations = TRY(generations_by_program(bpf_root_));
  std::vector<Attachment> rows;
  for (const auto& name : TRY(pin_names(bpf_root_ + "/links"))) {
    auto row = row_of(name);
    if (!row) continue;
    base::Fd link = TRY(open_pin(bpf_root_ + "/links/" + name));
    if (auto program = TRY(program_on_target(link.get(), *row))) {
      auto found = generations.find(*program);
      row->generation = found == generations.end() ? "?" : found->second;
    }
    rows.push_back(*row);
  }
  return rows;
}

base::Result<void> AttachmentStore::put(const Attachment& row, const Attachment*) {
  base::Fd program = TRY(open_program(bpf_root_, row.generation, facts_of(row.hook).name));
  const std::string path = pin_path(row);
  auto pinned = open_pin(path);
  if (!pinned.ok() && pinned.error().code != ENOENT) return pinned.error();
  if (pinned.ok() && TRY(program_on_target(pinned->get(), row))) {
    if (bpf_link_update(pinned->get(), program.get(), nullptr) != 0)
      return base::errno_error(std::string("new program for ") + facts_of(row.hook).name + " on " + row.target);
    return {};
  }
  TRY(make_pin_directory(bpf_root_, "links"));
  base::Fd link = TRY(attach(program.get(), row));
  return make_pin(link.get(), path);
}

base::Result<void> AttachmentStore::remove(const Attachment& actual) {
  auto pinned = open_pin(pin_path(actual));
  if (pinned.ok()) bpf_link_detach(pinned->get());  // at once, and not when the last holder lets go; a defunct link has nothing to detach
  return remove_pin(pin_path(actual));
}

}  // namespace io::kernel
