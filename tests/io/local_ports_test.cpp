// The range of ports that the node's own sockets are given.
#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>

#include "io/kernel/sysctls.h"
#include "support/temporary_directory.h"

namespace {

base::Result<model::PortRange> range_of(const std::string& value) {
  const support::TemporaryDirectory root;
  std::filesystem::create_directories(root.path() + "/net/ipv4");
  std::ofstream(root.path() + "/net/ipv4/ip_local_port_range") << value << "\n";
  return io::kernel::read_local_ports(root.path());
}

TEST(IoLocalPorts, AreTwoNumbersWithWhateverBetween) {
  EXPECT_EQ(*range_of("32768\t60999"), (model::PortRange{32768, 60999}));
  EXPECT_EQ(*range_of("1 65535"), (model::PortRange{1, 65535}));
}

TEST(IoLocalPorts, AnythingElseIsAnErrorWithItsText) {
  for (const char* text : {"", "32768", "a b", "0 5", "9 8", "1 65536"}) {
    const auto range = range_of(text);
    ASSERT_FALSE(range.ok()) << text;
    EXPECT_THAT(range.error().text, testing::HasSubstr("ip_local_port_range"));
  }
}

TEST(IoLocalPorts, AKernelWithoutTheSettingIsAnErrorToo) { EXPECT_FALSE(io::kernel::read_local_ports("/no/such/root").ok()); }

}  // namespace
