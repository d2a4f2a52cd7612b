#include "io/kube/client.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "io/kube/credentials.h"
#include "io/kube/response.h"
#include "io/kube/stream.h"

namespace io::kube {
namespace {

using namespace std::chrono_literals;

constexpr base::Millis kAnswer = 30s;  // to a request that is not a stream
constexpr base::Millis kWrite = 10s;   // without a byte taken
constexpr size_t kLargestHead = 64 << 10;
constexpr size_t kLargestStatus = 64 << 10;  // bytes of the body of an answer that is not 2xx
constexpr size_t kShownText = 256;           // bytes of a body that is no Status
constexpr size_t kBuffer = 16 << 10;         // a TLS record

struct Request {
  std::string method;
  std::string target;
  std::string content_type;  // "" without a body
  std::string body;
};

void explain(const std::string& body, Answer& answer) {
  const auto status = nlohmann::json::parse(body, nullptr, false);
  const auto text = [&status](const char* key) {
    const auto found = status.find(key);
    return found != status.end() && found->is_string() ? found->get<std::string>() : std::string();
  };
  if (status.is_object()) {
    answer.reason = text("reason");
    answer.message = text("message");
  }
  if (answer.message.empty()) answer.message = base::trim(std::string_view(body).substr(0, kShownText));
}

base::Millis until(base::BootTime when) { return std::max<base::Millis>(when - base::boot_now(), 0ms); }

class TlsConnection final : public Connection {
 public:
  explicit TlsConnection(ClientConfig config) : config_(std::move(config)), credentials_(config_.kubeconfig) {}

  base::Result<Answer> get(const std::string& target, base::Millis silence, const BodySink& sink) override {
    return send({"GET", target, "", ""}, silence, sink);
  }
  base::Result<Answer> patch(const std::string& target, const std::string& content_type, const std::string& body) override {
    return send({"PATCH", target, content_type, body}, kAnswer, [](std::string_view) { return true; });
  }
  void stop() override { stop_.request(); }

 private:
  base::Result<Answer> send(const Request& request, base::Millis silence, const BodySink& sink);
  base::Result<void> find_server();
  base::Result<void> open();
  void close();
  base::Result<Answer> exchange(const Request& request, base::Millis silence, const BodySink& sink);
  base::Result<Head> read_head(base::Millis silence, std::string& surplus);
  base::Result<bool> read_body(const Head& head, const std::string& received, base::Millis silence, const BodySink& sink);
  std::string head_of(const Request& request) const;

  ClientConfig config_;
  Stop stop_;
  Credentials credentials_;
  std::string address_;  // as errors name it and the field Host says it
  Peer peer_;
  std::optional<Stream> stream_;
  bool answered_ = false;  // a byte of the answer to the request under way has come
};

base::Result<void> TlsConnection::find_server() {
  const Kubeconfig& kubeconfig = credentials_.config();
  const std::string& host = config_.host.empty() ? kubeconfig.host : config_.host;
  const uint16_t port = config_.port ? config_.port : kubeconfig.port;
  address_ = (host.find(':') == std::string::npos ? host : "[" + host + "]") + ":" + std::to_string(port);
  const auto ip = base::parse_ip(host == "localhost" ? "127.0.0.1" : host);
  if (!ip)
    return base::Error{EINVAL, address_ + " (" + (config_.host.empty() ? "server in " + config_.kubeconfig : "k8sServiceHost") +
                                   "): names are not looked up here, an address or localhost is needed; with Talos' KubePrism set "
                                   "k8sServiceHost to localhost and k8sServicePort to 7445"};
  peer_ = {*ip, port, kubeconfig.tls_server_name.empty() ? host : kubeconfig.tls_server_name};
  return {};
}

base::Result<void> TlsConnection::open() {
  auto opened = Stream::open(peer_, credentials_.context(), stop_);
  if (!opened) return opened.error();
  stream_.emplace(std::move(*opened));
  return {};
}

void TlsConnection::close() {
  if (stream_) stream_->say_goodbye();
  stream_.reset();
}

base::Result<Answer> TlsConnection::send(const Request& request, base::Millis silence, const BodySink& sink) {
  if (stop_.requested()) return base::system_error(ECANCELED, "stopped");
  if (request.target.empty() || request.target[0] != '/' || request.target.find_first_of(" \r\n") != std::string::npos)
    return base::Error{EINVAL, "\"" + request.target + "\" is not a path with a query"};
  const auto changed = credentials_.refresh();
  if (!changed || *changed) close();
  if (!changed) return changed.error();
  if (auto found = *changed ? find_server() : base::Result<void>(); !found) {
    credentials_.forget();  // or the next request would take the server for found
    return found.error();
  }
  if (stream_ && !stream_->idle()) close();

  const bool kept = stream_.has_value();
  auto answer = exchange(request, silence, sink);
  // The server may close a kept connection in the very moment in which it is used again (RFC 9112 section 9.3.1).
  if (!answer && kept && !answered_ && request.method == "GET" && answer.error().code != ETIMEDOUT && answer.error().code != ECANCELED)
    answer = exchange(request, silence, sink);
  if (answer && answer->status != 401) return answer;

  close();
  credentials_.forget();
  const bool refused = answer || answer.error().code == EPROTO || answer.error().code == EPIPE || answer.error().code == ECONNRESET;
  const std::string own = refused ? credentials_.own_validity() : "";  // a reason that the server does not give
  const std::string why = own.empty() ? "" : "; " + own;
  if (!answer) return base::Error{answer.error().code, "API server " + address_ + ": " + answer.error().text + why};
  answer->message += why;
  return answer;
}

std::string TlsConnection::head_of(const Request& request) const {
  std::string head = request.method + " " + credentials_.config().path + request.target + " HTTP/1.1\r\nHost: " + address_ +
                     "\r\nUser-Agent: ichor-agent/" ICHOR_VERSION "\r\nAccept: application/json\r\n";
  if (request.method == "GET") head += "Accept-Encoding: gzip\r\n";  // servers answer so what is larger than 128 KiB, no watch
  if (!credentials_.token().empty()) head += "Authorization: Bearer " + credentials_.token() + "\r\n";
  if (!request.content_type.empty())
    head += "Content-Type: " + request.content_type + "\r\nContent-Length: " + std::to_string(request.body.size()) + "\r\n";
  return head + "\r\n";
}

base::Result<Answer> TlsConnection::exchange(const Request& request, base::Millis silence, const BodySink& sink) {
  answered_ = false;
  if (!stream_) TRY(open());
  const auto fail = [this](const base::Error& error) {
    stream_.reset();
    return error;
  };
  if (auto written = stream_->write(head_of(request) + request.body, kWrite); !written) return fail(written.error());
  std::string surplus;
  auto head = read_head(silence, surplus);
  if (!head) return fail(head.error());

  Answer answer{head->status, "", "", head->retry_after};
  std::string status;
  const BodySink keep = [&status](std::string_view piece) {
    status.append(piece.substr(0, kLargestStatus - status.size()));
    return status.size() < kLargestStatus;
  };
  if (answer.ok() && !sink("")) return close(), answer;
  auto whole = read_body(*head, surplus, silence, answer.ok() ? sink : keep);
  if (!whole) return fail(whole.error());
  if (!*whole || !head->keep_alive) close();
  if (!answer.ok()) explain(status, answer);
  return answer;
}

base::Result<Head> TlsConnection::read_head(base::Millis silence, std::string& surplus) {
  char buffer[kBuffer];
  std::string& received = surplus;
  const base::BootTime deadline = after(silence);
  for (;;) {
    const size_t length = TRY(stream_->read(buffer, sizeof buffer, until(deadline)));
    if (length == 0) return base::Error{EPIPE, "the server closed the connection before its answer"};
    answered_ = true;
    received.append(buffer, length);
    for (size_t end = head_length(received); end != std::string::npos; end = head_length(received)) {
      Head head = TRY(parse_head(std::string_view(received).substr(0, end)));
      received.erase(0, end);
      if (head.status >= 200) return head;  // those before it are interim answers (RFC 9110 section 15.2)
    }
    if (received.size() > kLargestHead) return base::Error{EPROTO, "the head of the answer is larger than 64 KiB"};
  }
}

// True when the body was read to its end and nothing came behind it, so that the connection can be used again.
base::Result<bool> TlsConnection::read_body(const Head& head, const std::string& received, base::Millis silence, const BodySink& sink) {
  Body body(head);
  std::string_view bytes = received;
  char buffer[kBuffer];
  base::BootTime deadline = after(silence);
  const BodySink content = [&](std::string_view piece) {
    deadline = after(silence);  // sizes of chunks and fields of a trailer are no content, however many come
    return sink(piece);
  };
  for (;;) {
    const Body::Next next = TRY(body.feed(bytes, content));
    if (next == Body::Next::kRefused) return false;
    if (next == Body::Next::kEnd) return bytes.empty();
    if (base::boot_now() > deadline) return base::Error{ETIMEDOUT, "no content in time"};
    const auto length = stream_->read(buffer, sizeof buffer, until(deadline));
    if (!length && (length.error().code == ETIMEDOUT || length.error().code == ECANCELED)) return length.error();
    if (!length) return base::Error{EPIPE, "the body was cut off: " + length.error().text};
    if (*length == 0 && body.ends_with_connection()) return false;
    if (*length == 0) return base::Error{EPIPE, "the body was cut off: the server closed the connection"};
    bytes = {buffer, *length};
  }
}

}  // namespace

Connector make_connector(ClientConfig config) {
  return [config = std::move(config)] { return std::make_unique<TlsConnection>(config); };
}

}  // namespace io::kube
