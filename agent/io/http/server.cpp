#include "io/http/server.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include <algorithm>
#include <atomic>
#include <list>

#include "base/fd.h"
#include "base/thread.h"
#include "io/http/listeners.h"
#include "io/http/workers.h"

namespace io::http {
namespace {

constexpr size_t kLargestHead = 8192;
constexpr base::Millis kWithoutDescriptors{200};  // when the process has no more of them, nobody is let in

struct Connection {
  enum class State : uint8_t { kAsking, kAnswering, kTaking };

  uint64_t id;
  base::Fd socket;
  std::string listener;
  base::BootTime deadline;  // not while kAnswering
  State state = State::kAsking;
  std::string text = {};  // what came of the request, or what is left of the response from `sent` on
  size_t sent = 0;

  size_t unsent() const { return state == State::kTaking ? text.size() - sent : 0; }
};

// A client that gets no answer, or not all of it. Without this the kernel would keep what it was sent until it is taken.
void abort(const Connection& connection) {
  const linger at_once{1, 0};
  ::setsockopt(connection.socket.get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
}

}  // namespace

class Server::Loop {
 public:
  Loop(const Answer& answer, Clients clients, const ServerLimits& limits)
      : limits_(limits),
        wake_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
        exchange_(answer, clients),
        workers_([this](const auto& listener, const auto& head) { return exchange_.respond(listener, head); }, limits.queue, wake_.get()) {}
  ~Loop();
  base::Result<void> start();
  Listeners& listeners() { return listeners_; }

 private:
  using Place = std::list<Connection>::iterator;

  void run();
  void turn();
  int patience(base::BootTime now) const;
  void accept_all(base::BootTime now);
  void attend(Place connection, base::BootTime now);
  void read(Place connection, base::BootTime now);
  void answer(Place connection, std::string response, base::BootTime now);
  void write(Place connection);
  void hand_out(base::BootTime now);
  void end_overdue(base::BootTime now);
  void end_untaken();
  bool end_first(Connection::State state);
  size_t unsent_bytes() const;

  ServerLimits limits_;
  Listeners listeners_;
  base::Fd wake_;
  Exchange exchange_;
  Workers workers_;
  std::list<Connection> connections_;  // the oldest first
  uint64_t next_id_ = 1;
  base::BootTime rests_until_{};
  std::atomic<bool> stopped_{false};
  base::Thread thread_;
};

base::Result<void> Server::Loop::start() {
  TRY(workers_.start(limits_.workers));
  return thread_.start([this] { run(); });
}

Server::Loop::~Loop() {
  stopped_ = true;
  ::eventfd_write(wake_.get(), 1);
  if (thread_.joinable()) thread_.join();
  workers_.stop();
}

void Server::Loop::run() {
  while (!stopped_) turn();
}

void Server::Loop::turn() {
  const bool rests = base::boot_now() < rests_until_;
  std::vector<pollfd> watched{{wake_.get(), POLLIN, 0}, {rests ? -1 : listeners_.ready(), POLLIN, 0}};
  std::vector<Place> places;
  for (auto place = connections_.begin(); place != connections_.end(); ++place) {
    if (place->state == Connection::State::kAnswering) continue;
    watched.push_back({place->socket.get(), static_cast<short>(place->state == Connection::State::kAsking ? POLLIN : POLLOUT), 0});
    places.push_back(place);
  }
  ::poll(watched.data(), watched.size(), patience(base::boot_now()));
  const base::BootTime now = base::boot_now();
  eventfd_t count = 0;
  if (watched[0].revents != 0) ::eventfd_read(wake_.get(), &count);
  for (size_t i = 0; i < places.size(); ++i)
    if (watched[i + 2].revents != 0) attend(places[i], now);
  if (watched[1].revents != 0) accept_all(now);
  hand_out(now);
  end_overdue(now);
  end_untaken();
}

int Server::Loop::patience(base::BootTime now) const {
  std::optional<base::BootTime> until;
  if (now < rests_until_) until = rests_until_;
  for (const auto& connection : connections_)
    if (connection.state != Connection::State::kAnswering) until = std::min(until.value_or(connection.deadline), connection.deadline);
  return until ? static_cast<int>(std::max<int64_t>((*until - now).count() + 1, 0)) : -1;
}

void Server::Loop::accept_all(base::BootTime now) {
  for (size_t accepted = 0; accepted < limits_.connections; ++accepted) {
    auto arrival = listeners_.accept();
    if (!arrival.ok() && arrival.error().code != EAGAIN && !end_first(Connection::State::kAsking)) rests_until_ = now + kWithoutDescriptors;
    if (!arrival.ok()) return;
    if (connections_.size() >= limits_.connections && !end_first(Connection::State::kAsking) && !end_first(Connection::State::kTaking))
      return;  // all are being answered, which ends by itself
    connections_.push_back(Connection{next_id_++, std::move(arrival->socket), std::move(arrival->listener), now + limits_.to_ask});
    read(std::prev(connections_.end()), now);  // most have spoken by then, and are no longer among those who may be ended
  }
}

void Server::Loop::attend(Place connection, base::BootTime now) {
  if (connection->state == Connection::State::kAsking)
    read(connection, now);
  else
    write(connection);
}

void Server::Loop::read(Place connection, base::BootTime now) {
  char buffer[kLargestHead];
  ssize_t length = ::recv(connection->socket.get(), buffer, sizeof buffer, 0);
  if (length < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (length <= 0) {
    connections_.erase(connection);
    return;
  }
  connection->text.append(buffer, static_cast<size_t>(length));
  size_t end = connection->text.find("\r\n\r\n");
  if (end == std::string::npos) {
    if (connection->text.size() < kLargestHead) return;
    return answer(connection, refusal("431 Request Header Fields Too Large", "the head of a request has at most 8 KiB\n"), now);
  }
  connection->text.resize(end + 4);
  if (limits_.workers == 0) return answer(connection, exchange_.respond(connection->listener, connection->text), now);
  connection->state = Connection::State::kAnswering;
  if (workers_.push({connection->id, connection->listener, connection->text})) return;
  answer(connection, refusal("503 Service Unavailable", "too many requests are waiting; ask again\n"), now);
}

void Server::Loop::answer(Place connection, std::string response, base::BootTime now) {
  connection->state = Connection::State::kTaking;
  connection->deadline = now + limits_.to_take_it;
  connection->text = std::move(response);
  write(connection);
}

void Server::Loop::write(Place connection) {
  std::string_view rest = std::string_view(connection->text).substr(connection->sent);
  ssize_t sent = rest.empty() ? 0 : ::send(connection->socket.get(), rest.data(), rest.size(), MSG_NOSIGNAL);
  if (sent < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (sent > 0) connection->sent += static_cast<size_t>(sent);
  if (sent > 0 && connection->unsent() > 0) return;
  ::shutdown(connection->socket.get(), SHUT_WR);
  connections_.erase(connection);
}

void Server::Loop::hand_out(base::BootTime now) {
  for (auto& item : workers_.take_done()) {
    auto place = std::find_if(connections_.begin(), connections_.end(), [&](const auto& other) { return other.id == item.id; });
    if (place != connections_.end()) answer(place, std::move(item.text), now);
  }
}

void Server::Loop::end_overdue(base::BootTime now) {
  std::erase_if(connections_,
                [&](const auto& connection) { return connection.state != Connection::State::kAnswering && now >= connection.deadline; });
}

// Answers in memory that are taken slowly. Never the last one: an answer may be larger than the limit.
void Server::Loop::end_untaken() {
  auto is_taking = [](const auto& connection) { return connection.state == Connection::State::kTaking; };
  while (unsent_bytes() > limits_.unsent_bytes && std::count_if(connections_.begin(), connections_.end(), is_taking) > 1)
    end_first(Connection::State::kTaking);
}

// The oldest in that state. False: there is none.
bool Server::Loop::end_first(Connection::State state) {
  auto first = std::find_if(connections_.begin(), connections_.end(), [&](const auto& connection) { return connection.state == state; });
  if (first == connections_.end()) return false;
  abort(*first);
  connections_.erase(first);
  return true;
}

size_t Server::Loop::unsent_bytes() const {
  size_t bytes = 0;
  for (const auto& connection : connections_) bytes += connection.unsent();
  return bytes;
}

Server::Server(Answer answer, ServerLimits limits, Clients clients) : answer_(std::move(answer)), limits_(limits), clients_(clients) {}

Server::~Server() = default;

base::Result<int> Server::start(const std::string& address) {
  if (!loop_) {
    auto loop = std::make_unique<Loop>(answer_, clients_, limits_);
    TRY_IN(loop->start(), "HTTP on " + address);
    loop_ = std::move(loop);
  }
  return loop_->listeners().open(address);
}

void Server::stop(const std::string& address) {
  if (loop_) loop_->listeners().close(address);
}

void Server::stop() { loop_.reset(); }

}  // namespace io::http
