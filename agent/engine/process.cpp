#include "engine/process.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <cstring>

namespace engine {
namespace {

constexpr base::Millis kBeginAgain{200};

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
    : signals_(block_stop_signals()), started_(base::boot_now()), server_(http_address, cell_, [this] { return watchdog_.alive(); }, use_) {
  begin();
}

// The thread that waits for signals is woken by one of its own.
Process::~Process() {
  server_.stop();
  if (!signal_thread_.joinable()) return;
  ending_ = true;
  pthread_kill(signal_thread_.native_handle(), SIGINT);
  signal_thread_.join();
}

base::Result<void> Process::await_signals() {
  return signal_thread_.start([this] {
    int signal = 0;
    sigwait(&signals_, &signal);
    if (ending_) return;
    spdlog::info("agent: {}, stopping; packets go on by the pinned programs", strsignal(signal));
    mailbox_.push({0, std::nullopt});
  });
}

// The address may still be held by the agent before this one.
base::Result<void> Process::serve() {
  if (serving_) return {};
  TRY(server_.start());
  serving_ = true;
  return {};
}

bool Process::begin() {
  std::string missing;
  for (const auto& part : {await_signals(), watchdog_.start(), serve()})
    if (!part.ok()) missing = part.error().text;
  if (!missing.empty() && missing != reported_) spdlog::warn("{}; trying again", missing);
  reported_ = std::move(missing);
  return reported_.empty();
}

model::FactSink Process::begin_life() {
  return [this, life = ++life_](model::Fact fact) { mailbox_.push({life, std::move(fact)}); };
}

std::vector<Message> Process::take(base::BootTime until) {
  watchdog_.turned();
  if (!begin()) until = std::min(until, base::boot_now() + kBeginAgain);
  std::vector<Message> messages;
  for (auto& [life, message] : mailbox_.take(until))
    if (life == life_ || !message) messages.push_back(std::move(message));
  return messages;
}

}  // namespace engine
