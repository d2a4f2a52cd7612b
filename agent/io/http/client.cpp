#include "io/http/client.h"

#include <httplib.h>

#include "io/http/address.h"

namespace io::http {

base::Result<Response> get(const std::string& address, const std::string& target) {
  HostPort where = TRY(parse_host_port(address));
  httplib::Client client(where.host, where.port);
  client.set_connection_timeout(2);
  client.set_read_timeout(10);
  errno = 0;
  auto result = client.Get(target);
  if (!result) {
    int code = errno;
    std::string why = httplib::to_string(result.error());
    if (result.error() == httplib::Error::Connection && code) why = std::strerror(code);
    return base::Error{code ? code : EIO, address + ": " + why};
  }
  return Response{result->status, result->get_header_value("Content-Type"), result->body};
}

}  // namespace io::http
