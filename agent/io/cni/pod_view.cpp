#include "io/cni/pod_view.h"

#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <memory>
#include <optional>

namespace io::cni {

namespace {

std::optional<base::Ip> ip_of(const sockaddr* address) {
  if (!address) return std::nullopt;
  if (address->sa_family == AF_INET) return base::Ip::from_v4_be(reinterpret_cast<const sockaddr_in*>(address)->sin_addr.s_addr);
  if (address->sa_family != AF_INET6) return std::nullopt;
  base::Ip ip;
  std::memcpy(ip.bytes.data(), &reinterpret_cast<const sockaddr_in6*>(address)->sin6_addr, ip.bytes.size());
  return ip;
}

base::Result<std::vector<base::Ip>> addresses_on(const std::string& ifname) {
  if (::if_nametoindex(ifname.c_str()) == 0) return base::errno_error("link " + ifname);
  ifaddrs* list = nullptr;
  if (::getifaddrs(&list) != 0) return base::errno_error("link " + ifname + ": addresses");
  const std::unique_ptr<ifaddrs, decltype(&::freeifaddrs)> owner(list, ::freeifaddrs);
  std::vector<base::Ip> found;
  for (const ifaddrs* entry = list; entry; entry = entry->ifa_next) {
    if (ifname != entry->ifa_name) continue;
    if (!(entry->ifa_flags & IFF_UP)) return base::Error{ENETDOWN, "link " + ifname + ": is down"};
    if (const auto ip = ip_of(entry->ifa_addr)) found.push_back(*ip);
  }
  return found;
}

base::Result<std::vector<std::string>> lines_of(const char* path) {
  const std::unique_ptr<FILE, decltype(&std::fclose)> file(std::fopen(path, "re"), std::fclose);
  if (!file) return base::errno_error(path);
  std::vector<std::string> lines;
  char line[512];
  while (std::fgets(line, sizeof line, file.get())) lines.emplace_back(line);
  return lines;
}

// proc_net_route: "IFACE DESTINATION GATEWAY FLAGS REFCNT USE METRIC MASK ...", hexadecimal.
base::Result<bool> has_ipv4_default(const std::string& ifname) {
  for (const std::string& line : TRY(lines_of("/proc/thread-self/net/route"))) {
    char name[16], destination[9], mask[9];
    if (std::sscanf(line.c_str(), "%15s %8s %*s %*s %*s %*s %*s %8s", name, destination, mask) != 3) continue;
    if (ifname == name && std::strcmp(destination, "00000000") == 0 && std::strcmp(mask, "00000000") == 0) return true;
  }
  return false;
}

// "DESTINATION LENGTH SOURCE LENGTH NEXTHOP METRIC REFCNT USE FLAGS IFACE", hexadecimal.
base::Result<bool> has_ipv6_default(const std::string& ifname) {
  for (const std::string& line : TRY(lines_of("/proc/thread-self/net/ipv6_route"))) {
    char destination[33], length[3], name[16];
    if (std::sscanf(line.c_str(), "%32s %2s %*s %*s %*s %*s %*s %*s %*s %15s", destination, length, name) != 3) continue;
    if (ifname == name && std::strcmp(length, "00") == 0 && std::strspn(destination, "0") == 32) return true;
  }
  return false;
}

}  // namespace

base::Result<void> check_from_inside(int netns, const std::string& ifname, const std::vector<base::Ip>& addresses) {
  if (::setns(netns, CLONE_NEWNET) != 0) return base::errno_error("network namespace");
  const std::vector<base::Ip> found = TRY(addresses_on(ifname));
  for (const base::Ip& address : addresses) {
    if (std::find(found.begin(), found.end(), address) == found.end())
      return base::Error{EADDRNOTAVAIL, "link " + ifname + ": has no address " + base::to_string(address)};
    if (!TRY(address.is_v4() ? has_ipv4_default(ifname) : has_ipv6_default(ifname)))
      return base::Error{ENETUNREACH, "link " + ifname + ": no default route for " + base::to_string(address)};
  }
  return {};
}

}  // namespace io::cni
