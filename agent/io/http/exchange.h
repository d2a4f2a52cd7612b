// One HTTP/1.1 exchange in memory: a request's head in, the whole response out. No sockets here.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/ip.h"
#include "io/http/message.h"

namespace io::http {

// Whether a client that spoke to the listening address would write this in the field Host (RFC 9110 section 7.2). A web page can make a
// browser ask any address under a name of the page's own (DNS rebinding), and read the answer as if it came from there; the browser says
// that name. So no name is taken but `localhost`, and on a loopback address nothing but loopback.
bool is_expected_host(std::string_view host, const base::Ip& listening);

// Whom a server is for. kOwnNode: people and programs of the node, who say GET or HEAD and is_expected_host(). kAnybody: machines that
// know nothing but an address and a port, by whatever name and method; a page in a browser may read the answer.
enum class Clients : uint8_t { kOwnNode, kAnybody };

class Exchange {
 public:
  Exchange(Answer answer, Clients clients);
  ~Exchange();
  // `listener` as in Request; `head` ends with its empty line, and a body is not read. "": it is not HTTP/1. From any thread.
  std::string respond(const std::string& listener, const std::string& head);

 private:
  class Parser;
  std::unique_ptr<Parser> parser_;
};

// A response that nobody was asked for.
std::string refusal(const std::string& status, const std::string& text);

}  // namespace io::http
