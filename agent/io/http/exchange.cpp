#include "io/http/exchange.h"

#include <httplib.h>

#include <algorithm>
#include <cctype>

#include "io/http/address.h"

namespace io::http {
namespace {

// The library's own idea of a connection, over two texts.
class MemoryStream final : public httplib::Stream {
 public:
  explicit MemoryStream(const std::string& input) : input_(input) {}

  bool is_readable() const override { return true; }
  bool is_writable() const override { return true; }
  ssize_t read(char* to, size_t size) override {
    size_t length = input_.copy(to, size, read_);
    read_ += length;
    return static_cast<ssize_t>(length);
  }
  ssize_t write(const char* from, size_t size) override {
    output.append(from, size);
    return static_cast<ssize_t>(size);
  }
  void get_remote_ip_and_port(std::string&, int&) const override {}
  void get_local_ip_and_port(std::string&, int&) const override {}
  socket_t socket() const override { return 0; }

  std::string output;

 private:
  const std::string& input_;
  size_t read_ = 0;
};

Request to_request(const httplib::Request& from) {
  Request request{from.path, {}, from.get_header_value("Accept"), from.local_addr};
  for (const auto& [name, value] : from.params) request.query.emplace(name, value);
  return request;
}

Response refused(int status, std::string text) { return {status, "text/plain; charset=utf-8", std::move(text)}; }

base::Ip address_of(const std::string& listener) {
  auto parsed = parse_host_port(listener);
  return parsed.ok() ? base::parse_ip(parsed->host).value_or(base::Ip{}) : base::Ip{};
}

// Why the request is not answered at all.
std::optional<Response> objection(const httplib::Request& request) {
  size_t hosts = request.get_header_value_count("Host");
  if (hosts > 1 || (hosts == 0 && request.version != "HTTP/1.0")) return refused(400, "a request has one field Host (RFC 9112)\n");
  if (hosts == 1 && !is_expected_host(request.get_header_value("Host"), address_of(request.local_addr)))
    return refused(421, "ask for this by its address or as localhost: under another name a web page could read it (DNS rebinding)\n");
  if (request.method != "GET" && request.method != "HEAD") return refused(405, "only GET is answered here\n");
  return std::nullopt;
}

}  // namespace

bool is_expected_host(std::string_view host, const base::Ip& listening) {
  // Behind the last colon, if that is not one of an IPv6 address' own.
  size_t colon = host.rfind(':');
  if (colon != std::string_view::npos && (host.find(':') == colon || host[colon - 1] == ']')) {
    std::string_view port = host.substr(colon + 1);
    if (!std::all_of(port.begin(), port.end(), [](unsigned char c) { return std::isdigit(c); })) return false;
    host = host.substr(0, colon);
  }
  std::string name(host);
  std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) { return std::tolower(c); });
  if (name == "localhost") return true;
  bool bracketed = name.size() > 2 && name.front() == '[' && name.back() == ']';
  auto address = base::parse_ip(bracketed ? name.substr(1, name.size() - 2) : name);
  if (!address || bracketed == address->is_v4()) return false;
  return !listening.is_loopback() || address->is_loopback();
}

class Exchange::Parser : public httplib::Server {
 public:
  Parser(Answer answer, Clients clients) {
    set_pre_routing_handler([answer = std::move(answer), clients](const httplib::Request& from, httplib::Response& to) {
      auto refused = clients == Clients::kOwnNode ? objection(from) : std::nullopt;
      Response response = refused ? std::move(*refused) : answer(to_request(from));
      to.status = response.status;
      if (response.status == 405) to.set_header("Allow", "GET, HEAD");
      to.set_header("Cache-Control", "no-store");
      to.set_header("X-Content-Type-Options", "nosniff");
      for (const auto& [name, value] : response.headers) to.set_header(name, value);
      to.set_content(std::move(response.body), response.content_type);
      return httplib::Server::HandlerResponse::Handled;
    });
  }
  std::string respond(const std::string& listener, const std::string& head) {
    MemoryStream stream(head);
    bool closed = false;
    process_request(stream, "", 0, listener, 0, true, closed, nullptr);
    return std::move(stream.output);
  }
};

Exchange::Exchange(Answer answer, Clients clients) : parser_(std::make_unique<Parser>(std::move(answer), clients)) {}

Exchange::~Exchange() = default;

std::string Exchange::respond(const std::string& listener, const std::string& head) { return parser_->respond(listener, head); }

std::string refusal(const std::string& status, const std::string& text) {
  return "HTTP/1.1 " + status +
         "\r\nConnection: close\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: " + std::to_string(text.size()) + "\r\n\r\n" +
         text;
}

}  // namespace io::http
