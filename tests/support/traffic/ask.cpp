// One request, or many with a tally of who answered; and the download.
#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <map>

#include "support/traffic/commands.h"
#include "support/traffic/socket.h"

namespace traffic {
namespace {

struct Answer {
  int error = 0;  // errno
  std::string text;
  std::string remote;  // whom the client believes to talk to
  double milliseconds = 0;
};

std::string remote_of(int fd) {
  sockaddr_storage peer{};
  socklen_t length = sizeof peer;
  return getpeername(fd, reinterpret_cast<sockaddr*>(&peer), &length) == 0 ? address_text(peer) : "?";
}

Answer ask_tcp(const Options& options, const Endpoint& target) {
  Answer answer;
  Socket socket(::socket(target.family(), SOCK_STREAM | SOCK_CLOEXEC, 0));
  answer.error = connect_within(socket, target, options.timeout_ms);
  if (answer.error != 0) return answer;
  set_receive_timeout(socket.fd(), options.timeout_ms);
  answer.remote = remote_of(socket.fd());
  if (!send_all(socket.fd(), "ask\n", 4)) {
    answer.error = errno;
    return answer;
  }
  auto line = receive_line(socket.fd());
  if (!line) {
    answer.error = errno;
  } else {
    answer.text = *line;
  }
  return answer;
}

Answer ask_udp(const Options& options, const Endpoint& target) {
  Answer answer;
  Socket socket(::socket(target.family(), SOCK_DGRAM | SOCK_CLOEXEC, 0));
  set_receive_timeout(socket.fd(), options.timeout_ms);
  if (!options.unconnected && connect(socket.fd(), target.address(), target.length) != 0) {
    answer.error = errno;
    return answer;
  }
  std::string question = "ask";
  question.resize(std::max<size_t>(question.size(), options.bytes), ' ');
  ssize_t sent = options.unconnected ? sendto(socket.fd(), question.data(), question.size(), 0, target.address(), target.length)
                                     : send(socket.fd(), question.data(), question.size(), 0);
  std::array<char, 65536> bytes;
  sockaddr_storage from{};
  socklen_t length = sizeof from;
  ssize_t got = sent < 0 ? -1 : recvfrom(socket.fd(), bytes.data(), bytes.size(), 0, reinterpret_cast<sockaddr*>(&from), &length);
  if (got < 0) {
    answer.error = errno;
    return answer;
  }
  answer.text.assign(bytes.data(), got);
  answer.text.erase(answer.text.find_last_not_of(' ') + 1);
  answer.remote = address_text(from);
  return answer;
}

std::string name_in(const std::string& text) {
  constexpr std::string_view kStart = "{\"name\":\"";
  if (!text.starts_with(kStart)) return "?";
  return text.substr(kStart.size(), text.find('"', kStart.size()) - kStart.size());
}

int ask_many(const Options& options, const Endpoint& target) {
  std::map<std::string, int> tally;
  int last_error = 0;
  for (int i = 0; i < options.count && !stopping; ++i) {
    Answer answer = options.udp ? ask_udp(options, target) : ask_tcp(options, target);
    if (answer.error != 0) last_error = answer.error;
    ++tally[answer.error == 0 ? name_in(answer.text) : word_of(answer.error)];
  }
  const char* separator = "";
  std::printf("{\"answers\":{");
  for (const auto& [name, count] : tally) {
    std::printf("%s\"%s\":%d", separator, name.c_str(), count);
    separator = ",";
  }
  std::printf("}}\n");
  return exit_code_of(last_error);
}

struct Download {
  uint64_t received = 0, sum = 0;
  bool wrong = false;
  double longest_gap = 0;      // milliseconds
  double slowest_tenth = 1e9;  // MB in the slowest full 100 ms
};

// Reads until the end, the time or a signal; checks each word.
int read_stream(const Options& options, int fd, Download& result) {
  alignas(8) std::array<char, 1 << 18> bytes;
  size_t kept = 0;  // bytes of an unfinished word at the front
  auto start = Clock::now(), last = start, tenth = start;
  uint64_t tenth_bytes = 0;
  while (!stopping && (options.seconds == 0 || milliseconds_since(start) < options.seconds * 1000)) {
    ssize_t got = recv(fd, bytes.data() + kept, bytes.size() - kept, 0);
    if (got == 0) return 0;
    if (got < 0) return errno == EINTR ? 0 : errno;
    result.longest_gap = std::max(result.longest_gap, milliseconds_since(last));
    last = Clock::now();
    tenth_bytes += got;
    if (double time = milliseconds_since(tenth); time >= 100) {
      result.slowest_tenth = std::min(result.slowest_tenth, tenth_bytes / time / 1000);
      tenth = last;
      tenth_bytes = 0;
    }
    uint64_t index = (result.received - kept) / 8;
    result.received += got;
    size_t words = (kept + got) / 8;
    const auto* word = reinterpret_cast<const uint64_t*>(bytes.data());
    for (size_t i = 0; i < words; ++i) {
      result.wrong |= word[i] != pattern_word(index + i);
      result.sum += word[i];
    }
    kept = kept + got - words * 8;
    std::copy_n(bytes.data() + words * 8, kept, bytes.data());
  }
  return 0;
}

}  // namespace

int ask(const Options& options) {
  auto target = parse_endpoint(options.targets.front(), options.mapped);
  if (!target) {
    std::fprintf(stderr, "%s: not ADDRESS:PORT\n", options.targets.front().c_str());
    return 64;
  }
  if (options.count != 1) return ask_many(options, *target);
  auto start = Clock::now();
  Answer answer = options.udp ? ask_udp(options, *target) : ask_tcp(options, *target);
  std::printf("{\"result\":\"%s\",\"remote\":\"%s\",\"ms\":%.3f,\"answer\":%s}\n", word_of(answer.error), answer.remote.c_str(),
              milliseconds_since(start), answer.text.empty() ? "null" : answer.text.c_str());
  return exit_code_of(answer.error);
}

int download(const Options& options) {
  auto target = parse_endpoint(options.targets.front(), options.mapped);
  if (!target) return 64;
  Socket socket(::socket(target->family(), SOCK_STREAM | SOCK_CLOEXEC, 0));
  int error = connect_within(socket, *target, options.timeout_ms);
  std::string request = "bulk " + std::to_string(options.bytes) + "\n";
  set_receive_timeout(socket.fd(), 10'000);
  if (error == 0 && !send_all(socket.fd(), request.data(), request.size())) error = errno;
  Download result;
  auto start = Clock::now();
  if (error == 0) error = read_stream(options, socket.fd(), result);
  double seconds = milliseconds_since(start) / 1000;
  bool complete = error == 0 && !result.wrong && (options.bytes == 0 || result.received == options.bytes);
  std::printf(
      "{\"result\":\"%s\",\"bytes\":%llu,\"seconds\":%.3f,\"mb_per_second\":%.1f,\"slowest_tenth_mb_per_second\":%.1f,"
      "\"longest_gap_ms\":%.1f,\"sum\":\"%016llx\",\"intact\":%s}\n",
      word_of(error), static_cast<unsigned long long>(result.received), seconds, result.received / seconds / 1e6,
      result.slowest_tenth == 1e9 ? 0 : result.slowest_tenth, result.longest_gap, static_cast<unsigned long long>(result.sum),
      complete ? "true" : "false");
  return error != 0 ? exit_code_of(error) : complete ? 0 : 1;
}

}  // namespace traffic
