#include "io/http/client.h"

#include <httplib.h>

#include "io/http/address.h"

namespace io::http {

namespace {

// The library keeps no errno.
int code_of(httplib::Error error) {
  switch (error) {
    case httplib::Error::Connection:
      return ECONNREFUSED;
    case httplib::Error::ConnectionTimeout:
      return ETIMEDOUT;
    default:
      return EIO;
  }
}

}  // namespace

base::Result<Response> get(const std::string& address, const std::string& target) {
  HostPort where = TRY(parse_host_port(address));
  httplib::Client client(where.host, where.port);
  client.set_connection_timeout(2);
  client.set_read_timeout(10);
  auto result = client.Get(target);
  if (!result) return base::system_error(code_of(result.error()), address);
  Response response{result->status, result->get_header_value("Content-Type"), result->body};
  for (const auto& [name, value] : result->headers) response.headers.emplace(name, value);
  return response;
}

}  // namespace io::http
