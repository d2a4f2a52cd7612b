#include "io/http/address.h"

#include <charconv>

#include "base/ip.h"

namespace io::http {

base::Result<HostPort> parse_host_port(const std::string& text) {
  base::Error error{EINVAL, "address \"" + text + "\" is not ADDRESS:PORT, as in 127.0.0.1:9879 or [::1]:9879"};
  size_t colon = text.rfind(':');
  if (colon == std::string::npos) return error;
  HostPort parsed{text.substr(0, colon), 0};
  const char* end = text.data() + text.size();
  auto [rest, code] = std::from_chars(text.data() + colon + 1, end, parsed.port);
  if (code != std::errc{} || rest != end || parsed.port < 0 || parsed.port > 65535) return error;
  if (parsed.host.size() > 2 && parsed.host.front() == '[' && parsed.host.back() == ']')
    parsed.host = parsed.host.substr(1, parsed.host.size() - 2);
  if (parsed.host == "localhost") parsed.host = "127.0.0.1";
  if (!base::parse_ip(parsed.host)) return error;
  return parsed;
}

}  // namespace io::http
