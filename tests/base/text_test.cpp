#include "base/text.h"

#include <gtest/gtest.h>

namespace {

// Appendix A of the paper, and vectors.h of its reference implementation: the text 00 01 02 ... of each length.
TEST(BaseText, SipHashIsThatOfThePaper) {
  std::string text;
  const std::pair<size_t, uint64_t> kVectors[] = {{0, 0x726fdb47dd0e0e31}, {1, 0x74f839c593dc67fd}, {7, 0xab0200f58b01d137},
                                                  {8, 0x93f5f5799a932462}, {15, 0xa129ca6149be45e5}};
  for (const auto& [length, hash] : kVectors) {
    while (text.size() < length) text.push_back(static_cast<char>(text.size()));
    EXPECT_EQ(base::sip_hash(text), hash) << length;
  }
}

}  // namespace
