#include "status/kernel_settings.h"

#include <gmock/gmock.h>

#include "io/files/files.h"
#include "support/temporary_directory.h"

namespace status {
namespace {

using testing::HasSubstr;

class StatusKernelSettings : public testing::Test {
 protected:
  KernelSetting read(const std::string& name, const std::string& file, const std::string& value) {
    EXPECT_TRUE(io::files::write_file(root_.path() + "/" + file, value + "\n"));
    for (auto& setting : kernel_settings(root_.path()))
      if (setting.name == name) return setting;
    ADD_FAILURE() << "no setting " << name;
    return {};
  }

  support::TemporaryDirectory root_;
};

TEST_F(StatusKernelSettings, BlindingForAllIsSaidWithItsRemedy) {
  auto setting = read("net.core.bpf_jit_harden", "net/core/bpf_jit_harden", "2");

  EXPECT_FALSE(setting.good);
  EXPECT_EQ(setting.value, "2");
  EXPECT_THAT(setting.remedy, HasSubstr("to 1"));
}

TEST_F(StatusKernelSettings, AGoodValueNeedsNoWords) {
  auto setting = read("net.core.bpf_jit_harden", "net/core/bpf_jit_harden", "1");

  EXPECT_TRUE(setting.good);
  EXPECT_EQ(setting.text + setting.remedy, "");
}

TEST_F(StatusKernelSettings, WhatCannotBeReadIsSaidAndNotJudged) {
  auto setting = read("net.ipv4.ip_forward", "net/core/bpf_jit_enable", "1");

  EXPECT_TRUE(setting.good);
  EXPECT_EQ(setting.value, "");
  EXPECT_THAT(setting.text, HasSubstr("cannot be read"));
}

}  // namespace
}  // namespace status
