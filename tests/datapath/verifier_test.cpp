// How much work each program is for the verifier, held to verifier_counts.json: a program that grows by accident is seen here, long
// before it meets the limit of a million instructions. Counts differ by kernel and compiler, so each pair has its own.
#include <bpf/libbpf.h>
#include <bpf_compiler.h>
#include <gtest/gtest.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>

#include "io/kernel/bpf_object.h"

namespace {

constexpr double kTolerance = 0.05;
constexpr const char* kFile = ICHOR_SOURCE_DIR "/tests/datapath/verifier_counts.json";

std::string kernel_release() {
  utsname names;
  uname(&names);
  unsigned major = 0, minor = 0;
  std::sscanf(names.release, "%u.%u", &major, &minor);
  return std::to_string(major) + "." + std::to_string(minor);
}

nlohmann::json recorded() {
  std::ifstream file(kFile);
  auto counts = nlohmann::json::parse(file, nullptr, false);
  return counts.is_object() ? counts : nlohmann::json::object();
}

}  // namespace

TEST(DatapathVerifier, AcceptsEveryProgram) {
  if (geteuid() != 0) GTEST_SKIP() << "needs root: loads BPF programs";

  auto reports = io::kernel::try_programs();

  EXPECT_FALSE(reports.empty());
  for (const auto& report : reports) {
    if (report.on_demand && !report.ok) {
      std::printf("%-16s not taken by this kernel: %s\n", report.name.c_str(), report.error.c_str());
      continue;
    }
    EXPECT_TRUE(report.ok) << report.name << ": " << report.error;
    EXPECT_GT(report.instructions, 0U) << report.name;
    std::printf("%-16s %6u instructions, %6lld us\n", report.name.c_str(), report.instructions,
                static_cast<long long>(report.verifier_time.count()));
  }
}

TEST(DatapathVerifier, RefusedProgramIsNamedWithWhatTheVerifierSaidLast) {
  if (geteuid() != 0) GTEST_SKIP() << "needs root: loads BPF programs";
  auto object = io::kernel::open_object();
  ASSERT_TRUE(object.ok()) << object.error().text;
  bpf_program* program = bpf_object__find_program_by_name(object->get(), "pod_egress");
  ASSERT_EQ(bpf_program__set_type(program, BPF_PROG_TYPE_SOCKET_FILTER), 0);  // it has helpers that a socket filter has not

  auto loaded = io::kernel::load_object(object->get());

  ASSERT_FALSE(loaded.ok());
  EXPECT_TRUE(loaded.error().text.starts_with("program pod_egress: ")) << loaded.error().text;
  EXPECT_NE(loaded.error().text.find("processed "), std::string::npos) << loaded.error().text;
}

TEST(DatapathVerifier, InstructionCountsAreWithinFivePercentOfTheRecordedOnes) {
  if (geteuid() != 0) GTEST_SKIP() << "needs root: loads BPF programs";
  const std::string kernel = "linux " + kernel_release();
  auto counts = recorded();
  if (getenv("ICHOR_RECORD_VERIFIER_COUNTS")) {
    auto& programs = counts[kernel][BPF_COMPILER] = nlohmann::json::object();
    for (const auto& report : io::kernel::try_programs())
      if (report.ok || !report.on_demand) programs[report.name] = report.instructions;
    std::ofstream(kFile) << counts.dump(2) << "\n";
  }
  if (!counts.contains(kernel) || !counts[kernel].contains(BPF_COMPILER))
    GTEST_SKIP() << "no counts for " << kernel << " and " BPF_COMPILER "; record them with\n"
                 << "  ICHOR_RECORD_VERIFIER_COUNTS=1 " ICHOR_BINARY_DIR "/bin/test_datapath --gtest_filter='DatapathVerifier.*'";

  auto expected = counts[kernel][BPF_COMPILER].get<std::map<std::string, double>>();
  for (const auto& report : io::kernel::try_programs()) {
    if (report.on_demand && !report.ok) continue;
    ASSERT_TRUE(expected.contains(report.name)) << report.name << " has no recorded count";
    EXPECT_NEAR(report.instructions, expected[report.name], expected[report.name] * kTolerance) << report.name;
    expected.erase(report.name);
  }
  EXPECT_TRUE(expected.empty()) << expected.begin()->first << " is recorded and no longer there";
}
