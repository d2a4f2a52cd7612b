#include "base/ip.h"

#include <gtest/gtest.h>

#include "base/text.h"

namespace {

using base::parse_cidr;
using base::parse_ip;

TEST(BaseIp, TextOfBothFamiliesComesBackAsItWent) {
  for (const char* text : {"10.0.0.1", "255.255.255.255", "0.0.0.0", "::", "fd00::1", "fe80::69"})
    EXPECT_EQ(base::to_string(*parse_ip(text)), text);
}

TEST(BaseIp, WhatIsNoAddressIsRefused) {
  for (const char* text : {"", "10.0.0", "10.0.0.0256", "0x10.0.0.1", "10.0.0.", ".0.0.1", "10..0.1", "10.0.0.256", "10.0.0.1/24",
                           "fe80::1%eth0", "1:2", "a.b.c.d", " 10.0.0.1"})
    EXPECT_FALSE(parse_ip(text)) << text;
  EXPECT_FALSE(parse_ip(std::string_view("10.0.0.1\0", 9)));
}

TEST(BaseIp, LeadingZerosAreDecimalAsKubernetesReadsThem) {
  const std::pair<const char*, const char*> kCases[] = {{"010.1.2.3", "10.1.2.3"},
                                                        {"10.96.000.011", "10.96.0.11"},
                                                        {"00.000.0.00", "0.0.0.0"},
                                                        {"::ffff:010.001.000.009", "10.1.0.9"},
                                                        {"0::0010", "::10"}};
  for (const auto& [text, read] : kCases) EXPECT_EQ(parse_ip(text), parse_ip(read)) << text;
  EXPECT_EQ(parse_cidr("010.042.0.0/016"), parse_cidr("10.42.0.0/16"));
}

TEST(BaseIp, FamiliesAreToldApartByTheMappedPrefix) {
  EXPECT_TRUE(parse_ip("10.0.0.1")->is_v4());
  EXPECT_EQ(parse_ip("::ffff:10.0.0.1"), parse_ip("10.0.0.1"));
  EXPECT_FALSE(parse_ip("::10.0.0.1")->is_v4());
}

TEST(BaseIp, ScopesAreKnown) {
  EXPECT_TRUE(parse_ip("169.254.1.1")->is_link_local() && parse_ip("fe80::1")->is_link_local() && !parse_ip("fec0::1")->is_link_local());
  EXPECT_TRUE(parse_ip("127.9.9.9")->is_loopback() && parse_ip("::1")->is_loopback() && !parse_ip("::2")->is_loopback());
  EXPECT_TRUE(parse_ip("224.0.0.1")->is_multicast() && parse_ip("ff02::1")->is_multicast() && !parse_ip("10.0.0.1")->is_multicast());
  EXPECT_TRUE(parse_ip("0.0.0.0")->is_unspecified() && base::Ip{}.is_unspecified());
}

TEST(BaseCidr, APrefixContainsItsOwnFamilyOnly) {
  auto cidr = *parse_cidr("10.42.0.0/16");
  EXPECT_TRUE(cidr.contains(*parse_ip("10.42.255.1")));
  EXPECT_FALSE(cidr.contains(*parse_ip("10.43.0.0")));
  EXPECT_FALSE(parse_cidr("::/0")->contains(*parse_ip("10.0.0.1")));
  EXPECT_TRUE(parse_cidr("0.0.0.0/0")->contains(*parse_ip("10.0.0.1")));
}

TEST(BaseCidr, LengthsBeyondTheFamilyAreRefused) {
  for (const char* text : {"10.0.0.0/33", "::/129", "10.0.0.0/", "10.0.0.0/x", "10.0.0.0/-1", "10.0.0.0"})
    EXPECT_FALSE(parse_cidr(text)) << text;
}

TEST(BaseCidr, AddressesAreCountedFromThePrefix) {
  auto cidr = *parse_cidr("10.0.0.9/29");
  EXPECT_EQ(base::address_count(cidr), 8u);
  EXPECT_EQ(base::to_string(*base::nth_address(cidr, 0)), "10.0.0.8");
  EXPECT_EQ(base::to_string(*base::nth_address(cidr, 7)), "10.0.0.15");
  EXPECT_FALSE(base::nth_address(cidr, 8));
  EXPECT_EQ(base::to_string(*base::nth_address(*parse_cidr("fd00::ff00/64"), 0x1ff)), "fd00::1ff");
}

TEST(BaseText, TheNearestWordIsAMisspellingAndNothingFurther) {
  EXPECT_EQ(base::nearest("loadBalancr", {"loadBalancer", "ipam"}), "loadBalancer");
  EXPECT_EQ(base::nearest("zzzzzz", {"loadBalancer", "ipam"}), "");
  EXPECT_EQ(base::nearest("bgp", {"ipv6", "MTU", "eni", "cni"}), "") << "a short word is like any other short word";
  EXPECT_EQ(base::nearest("mtu", {"mtux"}), "mtux");
}

TEST(BaseText, SplittingAndTrimmingKeepEmptyParts) {
  EXPECT_EQ(base::split("a,,b", ',').size(), 3u);
  EXPECT_EQ(base::trim("  a b\r\n"), "a b");
  EXPECT_EQ(base::join({"a", "b"}, "/"), "a/b");
}

}  // namespace
