#include "io/kernel/bpf_object.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <ichor.skel.h>
#include <on_demand.skel.h>

#include <array>
#include <cstdarg>
#include <cstring>

#include "base/text.h"

namespace io::kernel {
namespace {

constexpr size_t kShownLines = 8;  // of the verifier's log: it ends with the instruction at fault and its registers

// While one lives, what libbpf has to say on this thread is kept.
class LibbpfWords {
 public:
  LibbpfWords() {
    libbpf_set_print(&LibbpfWords::keep);
    kept_ = &text;
  }
  ~LibbpfWords() { kept_ = nullptr; }
  LibbpfWords(const LibbpfWords&) = delete;
  LibbpfWords& operator=(const LibbpfWords&) = delete;

  std::string text;

 private:
  static int keep(libbpf_print_level level, const char* format, va_list arguments) {
    if (level != LIBBPF_WARN || !kept_) return 0;
    va_list again;
    va_copy(again, arguments);
    std::string line(vsnprintf(nullptr, 0, format, again) + 1, '\0');
    va_end(again);
    vsnprintf(line.data(), line.size(), format, arguments);
    line.pop_back();
    *kept_ += line;
    return static_cast<int>(line.size());
  }
  static thread_local std::string* kept_;
};
thread_local std::string* LibbpfWords::kept_ = nullptr;

// "program NAME: the last lines of the verifier", out of libbpf's "prog 'NAME': -- BEGIN PROG LOAD LOG --" ... "-- END PROG LOAD LOG --".
std::string explain(std::string_view words) {
  std::string program;
  if (size_t quote = words.find("prog '"); quote != words.npos) {
    std::string_view rest = words.substr(quote + 6);
    program = "program " + std::string(rest.substr(0, rest.find('\''))) + ": ";
  }
  if (size_t begin = words.find("-- BEGIN PROG LOAD LOG --\n"); begin != words.npos) words.remove_prefix(begin + 26);
  words = words.substr(0, words.find("-- END PROG LOAD LOG --"));
  auto lines = base::split(base::trim(words), '\n');
  std::vector<std::string> last;
  for (size_t i = lines.size() > kShownLines ? lines.size() - kShownLines : 0; i < lines.size(); ++i) last.emplace_back(lines[i]);
  return program + base::join(last, "\n");
}

ProgramReport report_of(bpf_program* program, std::string_view log) {
  ProgramReport report;
  report.name = bpf_program__name(program);
  bpf_prog_info facts = {};
  uint32_t size = sizeof facts;
  if (bpf_prog_get_info_by_fd(bpf_program__fd(program), &facts, &size) != 0) {
    report.error = base::errno_error("program " + report.name).text;
    return report;
  }
  report.ok = true;
  report.instructions = facts.verified_insns;
  constexpr std::string_view kTime = "verification time ";
  if (size_t at = log.find(kTime); at != log.npos)
    report.verifier_time = std::chrono::microseconds(std::strtol(log.data() + at + kTime.size(), nullptr, 10));
  return report;
}

// With all that can be switched on.
base::Result<BpfObject> open_whole_object(const ObjectImage& image) {
  BpfObject object = TRY(open_object(image));
  TRY(configure_object(object.get(), {.migrating = 0,
                                      .first_node_port = 30000,
                                      .last_node_port = 32767,
                                      .first_nat_port = 1024,
                                      .last_nat_port = 29999,
                                      .flags = 0,
                                      .host_netns = 1,
                                      .unanswered_per_pod = 7244,
                                      .zero = 0}));
  return object;
}

// The others are left out, so that one that fails does not hide them.
ProgramReport try_program(const ObjectImage& image, const std::string& name) {
  constexpr int kLogStatistics = 4;  // BPF_LOG_STATS of include/linux/bpf_verifier.h
  std::array<char, 4096> log{};
  auto object = open_whole_object(image);
  if (!object.ok()) return {.name = name, .error = object.error().text};
  bpf_program* tried = nullptr;
  bpf_program* program;
  bpf_object__for_each_program(program, object->get()) {
    bool chosen = bpf_program__name(program) == name;
    bpf_program__set_autoload(program, chosen);
    if (chosen) tried = program;
  }
  bpf_program__set_log_level(tried, kLogStatistics);
  bpf_program__set_log_buf(tried, log.data(), log.size());
  if (load_object(object->get()).ok()) return report_of(tried, log.data());

  auto again = open_whole_object(image);  // without the statistics libbpf asks for the full log by itself
  if (!again.ok()) return {.name = name, .error = again.error().text};
  bpf_object__for_each_program(program, again->get()) bpf_program__set_autoload(program, bpf_program__name(program) == name);
  auto loaded = load_object(again->get());
  return {.name = name, .error = loaded.ok() ? "it loads only without the verifier's statistics" : loaded.error().text};
}

}  // namespace

void CloseObject::operator()(bpf_object* object) const { bpf_object__close(object); }

const ObjectImage& embedded_image() {
  static const ObjectImage image = [] {
    size_t size = 0;
    const auto* bytes = static_cast<const char*>(ichor__elf_bytes(&size));
    return ObjectImage{{bytes, size}, map_kinds()};
  }();
  return image;
}

const ObjectImage& on_demand_image() {
  static const ObjectImage image = [] {
    size_t size = 0;
    const auto* bytes = static_cast<const char*>(on_demand__elf_bytes(&size));
    return ObjectImage{{bytes, size}, map_kinds()};
  }();
  return image;
}

std::string digest_of(const ObjectImage& image) {
  char digits[17];
  std::snprintf(digits, sizeof digits, "%016llx", static_cast<unsigned long long>(base::stable_hash(image.bytes)));
  return digits;
}

const std::string& program_generation() {
  static const std::string generation = digest_of(embedded_image());
  return generation;
}

base::Result<BpfObject> open_object(const ObjectImage& image) {
  LibbpfWords words;
  LIBBPF_OPTS(bpf_object_open_opts, options, .object_name = "ichor");
  BpfObject object(bpf_object__open_mem(image.bytes.data(), image.bytes.size(), &options));
  if (!object) return base::errno_error("BPF object: " + explain(words.text));
  return object;
}

base::Result<void> configure_object(bpf_object* object, const datapath_config& config) {
  const base::Error missing{EINVAL, "BPF object: it has no constant datapath_config of " + std::to_string(sizeof config) + " bytes"};
  bpf_map* constants = bpf_object__find_map_by_name(object, ".rodata");
  size_t size = 0;
  auto* bytes = constants ? static_cast<char*>(bpf_map__initial_value(constants, &size)) : nullptr;
  const btf* types = bpf_object__btf(object);
  const int32_t section = btf__find_by_name_kind(types, ".rodata", BTF_KIND_DATASEC);
  if (!bytes || section < 0) return missing;
  const btf_type* variables = btf__type_by_id(types, static_cast<uint32_t>(section));
  for (uint16_t i = 0; i < btf_vlen(variables); ++i) {
    const btf_var_secinfo& variable = btf_var_secinfos(variables)[i];
    const char* name = btf__name_by_offset(types, btf__type_by_id(types, variable.type)->name_off);
    if (std::string_view(name) != "datapath_config" || variable.size != sizeof config || variable.offset + sizeof config > size) continue;
    std::memcpy(bytes + variable.offset, &config, sizeof config);
    return {};
  }
  return missing;
}

base::Result<void> load_object(bpf_object* object) {
  LibbpfWords words;
  int error = -bpf_object__load(object);
  if (error) return base::system_error(error, explain(words.text));
  return {};
}

std::vector<ProgramReport> try_programs() {
  std::vector<ProgramReport> reports;
  for (const ObjectImage* image : {&embedded_image(), &on_demand_image()}) {
    auto object = open_object(*image);
    if (!object.ok()) return {{.name = "ichor", .error = object.error().text}};
    bpf_program* program;
    bpf_object__for_each_program(program, object->get()) {
      reports.push_back(try_program(*image, bpf_program__name(program)));
      reports.back().on_demand = image == &on_demand_image();
    }
  }
  return reports;
}

}  // namespace io::kernel
