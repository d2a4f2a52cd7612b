#include "engine/process.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <cstring>

namespace engine {
namespace {

constexpr base::Millis kHttpRetry{200};

sigset_t block_stop_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  return signals;
}

}  // namespace

Process::Process(const std::string& http_address)
    : signals_(block_stop_signals()), started_(base::boot_now()), server_(http_address, cell_, [this] { return watchdog_.alive(); }) {
  await_signals();
  serve();
}

// The thread that waits for signals is woken by one of its own.
Process::~Process() {
  server_.stop();
  signal_thread_.request_stop();
  pthread_kill(signal_thread_.native_handle(), SIGINT);
}

void Process::await_signals() {
  signal_thread_ = std::jthread([this](const std::stop_token& stop) {
    int signal = 0;
    sigwait(&signals_, &signal);
    if (stop.stop_requested()) return;
    spdlog::info("agent: {}, stopping; packets go on by the pinned programs", strsignal(signal));
    mailbox_.push(std::nullopt);
  });
}

// The address may still be held by the agent before this one.
void Process::serve() {
  auto started = server_.start();
  serving_ = started.ok();
  if (!serving_ && !std::exchange(told_, true)) spdlog::warn("{}; trying again", started.error().text);
}

std::vector<Letter> Process::take(base::BootTime until) {
  watchdog_.turned();
  if (!serving_) serve();
  if (!serving_) until = std::min(until, base::boot_now() + kHttpRetry);
  return mailbox_.take(until);
}

}  // namespace engine
