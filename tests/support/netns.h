// A network of a test's own: the fixture's thread stands in a fresh network namespace from SetUp to TearDown. Needs root.
#pragma once

#include <gtest/gtest.h>

#include <optional>
#include <string>

#include "base/ip.h"
#include "io/kernel/netns.h"

namespace support {

class NetnsTest : public ::testing::Test {
 protected:
  void SetUp() override;     // lo is up
  void TearDown() override;  // the namespace ends with all that is in it

 private:
  base::Fd netns_;
  std::optional<io::kernel::NetnsVisit> visit_;
};

// A shell command in the calling thread's namespace; false when it fails.
bool run(const std::string& command);
// What it prints.
std::string output_of(const std::string& command);

// Sends a UDP datagram to the address from one namespace to another and back; each is a descriptor or -1 for the thread's own.
// Nullopt: both ways work, else what does not.
std::optional<std::string> exchange_datagrams(int from_netns, int to_netns, const base::Ip& to);

}  // namespace support
