// One question and one answer over HTTP, as servers and clients here see them.
#pragma once

#include <functional>
#include <map>
#include <string>

namespace io::http {

struct Request {
  std::string path;                          // decoded, without the query
  std::map<std::string, std::string> query;  // decoded; of a repeated name the first
  std::string accept;                        // header Accept, "" when absent
  std::string listener = {};                 // at which address it was asked, as Server::start() was given it
};

struct Response {
  int status = 200;
  std::string content_type = "text/plain; charset=utf-8";
  std::string body;
  std::map<std::string, std::string> headers = {};  // beside those that every response has
};

using Answer = std::function<Response(const Request&)>;  // called on several threads at once

}  // namespace io::http
