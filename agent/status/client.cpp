#include "status/client.h"

#include <algorithm>
#include <cstdio>

#include "io/http/client.h"
#include "status/answers.h"

namespace status {
namespace {

int show(const Question& question, const std::string& path, const std::string& query = "") {
  auto response = io::http::get(question.address, path + "?format=" + question.format + query);
  if (!response.ok()) {
    std::fprintf(stderr, "no agent answers at %s; does ichor run here (talosctl service ext-ichor), with this --http-address?\n",
                 response.error().text.c_str());
    return 1;
  }
  std::fputs(response->body.c_str(), response->status == 200 ? stdout : stderr);
  if (auto note = response->headers.find(kNoteHeader); note != response->headers.end() && question.format != "text")
    std::fprintf(stderr, "%s\n", note->second.c_str());
  return response->status == 200 ? 0 : 1;
}

// A path segment, or a part of a query; what is not a letter, digit or "_" is written by number (RFC 3986 section 2.1).
std::string encoded(const std::string& segment) {
  std::string out;
  for (unsigned char c : segment) {
    char text[4];
    bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
    std::snprintf(text, sizeof text, plain ? "%c" : "%%%02X", c);
    out += text;
  }
  return out;
}

}  // namespace

int show_status(const Question& question) { return show(question, "/status"); }

int show_table(const Question& question, const std::string& table, const std::vector<std::string>& filters) {
  std::string query;
  for (const auto& filter : filters) {
    const size_t equals = std::min(filter.find('='), filter.size());
    query += "&" + encoded(filter.substr(0, equals)) + "=" + encoded(filter.substr(std::min(equals + 1, filter.size())));
  }
  return show(question, table.empty() ? "/tables" : "/tables/" + encoded(table), query);
}

}  // namespace status
