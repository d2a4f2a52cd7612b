#include "base/text.h"

#include <gtest/gtest.h>

namespace {

// Appendix A of the paper, and vectors.h of its reference implementation: the text 00 01 02 ... of each length.
TEST(BaseText, SipHashIsThatOfThePaper) {
  std::string text;
  const std::pair<size_t, uint64_t> kVectors[] = {
      {0, 0x726fdb47dd0e0e31}, {1, 0x74f839c593dc67fd}, {7, 0xab0200f58b01d137}, {8, 0x93f5f5799a932462}, {15, 0xa129ca6149be45e5}};
  for (const auto& [length, hash] : kVectors) {
    while (text.size() < length) text.push_back(static_cast<char>(text.size()));
    EXPECT_EQ(base::sip_hash(text), hash) << length;
  }
}

TEST(BaseText, TimesAreReadWithAndWithoutFractions) {
  EXPECT_EQ(base::utc_seconds("1970-01-01T00:00:00Z"), 0.0);
  EXPECT_EQ(base::utc_seconds("2026-11-28T18:00:01Z"), 1795888801.0);
  EXPECT_DOUBLE_EQ(*base::utc_seconds("2026-11-28T18:00:01.250000000Z"), 1795888801.25);
  for (const char* text : {"", "yesterday", "2026-11-28", "2026-02-30T00:00:00Z", "2026-11-28T25:00:00Z", "2026-11-28T18:00:01",
                           "2026-11-28T18:00:01.Z", "2026-11-28T18:00:01.2", "2026-11-28T18:00:01+01:00", "2026-11-28T18:00:01Z ",
                           "2026-11-28T18:-1:01Z", "2026-11-28T18:00:01.nanZ", "2026-11-28T18:00:01.1e5Z"})
    EXPECT_EQ(base::utc_seconds(text), std::nullopt) << text;
}

}  // namespace
