// One GET to a server named by address.
#pragma once

#include <string>

#include "base/result.h"
#include "io/http/message.h"

namespace io::http {

// `target` is path and query. Any answer of the server is a value, whatever its status; the error names the address.
base::Result<Response> get(const std::string& address, const std::string& target);

}  // namespace io::http
