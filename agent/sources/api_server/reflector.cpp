#include "sources/api_server/reflector.h"

#include "sources/api_server/resources.h"
#include "sources/decode/field.h"
#include "sources/decode/tree.h"

namespace sources::api_server {
namespace {

using io::kube::Answer;

// After a failure, less up to a half: the figures of client-go's reflector.
constexpr base::Backoff kBackoff{base::Millis(1'600), base::Millis(30'000)};
constexpr base::Millis kForgottenAfter{120'000};  // a failure
constexpr base::Millis kListSilence{30'000};
constexpr base::Millis kLongestPatience{960'000};  // a trickle is given up; a slow line is given more time with each attempt
// The server sends a bookmark about each minute: a stream without several of them has a dead peer, which a proxy may hide.
constexpr base::Millis kWatchSilence{210'000};
constexpr base::Millis kUseful{1'000};  // a stream that lasted so long was worth opening
constexpr base::Millis kSteady{5'000};  // one that watched for so long ends a series of failures
// A server that is away costs one refused connection for a look, and once it answers one kind, all others ask too.
constexpr size_t kLookingKind = 0;
constexpr base::Millis kLookEvery{3'000};
constexpr int kTooLargeTries = 8;  // a lagging server of several catches up; one restored from a backup never does

bool has_forgotten(const Answer& answer) { return answer.status == 410 || answer.reason == "Expired" || answer.reason == "Gone"; }

// The server did not like the request, rather than who sent it or when.
bool dislikes_request(int status) {
  return status >= 400 && status < 500 && status != 401 && status != 403 && status != 408 && status != 409 && status != 410 &&
         status != 429;
}

std::string text_of(const Answer& answer) {
  std::string text = std::to_string(answer.status);
  if (!answer.reason.empty()) text += " " + answer.reason;
  if (!answer.message.empty()) text += ": " + answer.message;
  return text;
}

}  // namespace

Reflector::Reflector(size_t kind, const std::string& node_name, uint64_t seed, const std::string& proxy_name)
    : kind_(kind), target_(target_of(resources()[kind], node_name, proxy_name)), random_(seed) {}

Request Reflector::next(base::BootTime now, Events& events) {
  asked_ = now;
  answered_ = gave_up_ = false;
  watching_since_.reset();
  lines_ = {};
  list_ = {};
  error_.reset();
  if (knows_all()) {
    asking_ = Asking::kWatch;
    // Servers close watches by themselves after half an hour or more, all at once; random ends spread what a restart has bunched.
    std::string timeout = "&timeoutSeconds=" + std::to_string(std::uniform_int_distribution<int>(300, 600)(random_));
    return {target_ + "watch=1&allowWatchBookmarks=true&resourceVersion=" + percent_encoded(version_) + timeout, kWatchSilence};
  }
  if (page_.empty()) events.emplace_back(Began{});
  asking_ = in_pages_ ? Asking::kPage : Asking::kWhole;
  std::string page = page_.empty() ? "" : "&continue=" + percent_encoded(page_);
  return {target_ + (in_pages_ ? "limit=500" + page : ""), kListSilence};
}

bool Reflector::take(std::string_view piece, base::BootTime now, Events& events) {
  if (!std::exchange(answered_, true)) {
    events.emplace_back(Answered{});
    if (asking_ == Asking::kWatch) watches(now, events);
  }
  if (!knows_all() && now - asked_ > patience_) {
    gave_up_ = true;
    return false;
  }
  if (asking_ == Asking::kWatch)
    return lines_.feed(piece, [&](auto line) {
      if (line.ok()) return take_line(*line, events);
      events.emplace_back(Broken{std::nullopt, "an event " + line.error().text});
      return true;
    });
  list_.feed(piece, [&](auto item) {
    events.push_back(item.ok() ? read_item(kind_, *item) : Event(Broken{std::nullopt, "an item " + item.error().text}));
  });
  return true;
}

bool Reflector::take_line(std::string_view text, Events& events) {
  WatchLine line = read_watch_line(kind_, text);
  if (auto* error = std::get_if<ErrorEvent>(&line.content)) {
    error_ = std::move(*error);
    return false;
  }
  too_large_ = 0;
  if (auto* event = std::get_if<Event>(&line.content)) events.push_back(std::move(*event));
  if (!line.resource_version.empty()) version_ = std::move(line.resource_version);
  return true;
}

void Reflector::watches(base::BootTime since, Events& events) {
  watching_since_ = since;
  events.emplace_back(Watching{});
}

Pause Reflector::ended(const base::Result<Answer>& outcome, base::BootTime now, Events& events) {
  if (watching_since_) {
    if (now - *watching_since_ >= kSteady) failures_ = 0;
    events.emplace_back(Unwatched{});
  }
  if (gave_up_) return given_up(now, events);
  if (!outcome.ok()) return cut_off(outcome.error(), now, events);
  if (error_) return refused({error_->code, error_->reason, error_->message, {}}, now, events);
  if (!outcome->ok()) return refused(*outcome, now, events);
  return asking_ == Asking::kWatch ? watch_ended(now) : list_ended(now, events);
}

Pause Reflector::given_up(base::BootTime now, Events& events) {
  std::string time = std::to_string(patience_.count() / 1000) + " s";
  events.emplace_back(Trouble{"what is there had not come whole after " + time, ""});
  in_pages_ = true;
  patience_ = std::min(2 * patience_, kLongestPatience);
  return wait(now);
}

Pause Reflector::list_ended(base::BootTime now, Events& events) {
  auto metadata = decode::parse_tree(list_.metadata());
  decode::Complaint complaint;
  std::string version;
  if (list_.finished() && metadata.ok()) {
    decode::Field root(metadata->root(), complaint);
    version = root["resourceVersion"].text();
    page_ = root["continue"].text();
  }
  if (version.empty()) {
    page_.clear();
    events.emplace_back(Trouble{"a list was cut off or has no metadata.resourceVersion", ""});
    return wait(now);
  }
  if (!page_.empty()) return {};
  version_ = std::move(version);
  events.emplace_back(Complete{});
  return {};
}

Pause Reflector::watch_ended(base::BootTime now) { return now - asked_ >= kUseful ? Pause{} : wait(now); }

Pause Reflector::cut_off(const base::Error& error, base::BootTime now, Events& events) {
  if (error.code == ECANCELED) return {};
  if (asking_ == Asking::kWhole && error.code == ETIMEDOUT) in_pages_ = true;
  // A stream that worked and broke is not worth a word before another attempt has failed as well.
  if (!answered_ || !knows_all()) events.emplace_back(Trouble{error.text, "", !answered_});
  Pause pause = wait(now);
  pause.until_reachable = !answered_;
  if (pause.until_reachable && kind_ == kLookingKind) pause.time = std::min(pause.time, jittered(kLookEvery));
  return pause;
}

Pause Reflector::refused(const Answer& answer, base::BootTime now, Events& events) {
  if (asking_ == Asking::kWhole && answer.status == 504) in_pages_ = true;  // more than the server can tell within its own time
  Pause pause = wait(now);
  // Behind the time that the server named, not before it, and not all at once.
  if (answer.retry_after) pause.time = std::max(pause.time, jittered(std::min(*answer.retry_after, io::kube::kLongestRetryAfter)));
  if (has_forgotten(answer)) {
    if (!page_.empty()) in_pages_ = false;  // slower than the token of a page lives
    begin_again();
    return pause;
  }
  if (knows_all() && (dislikes_request(answer.status) || (answer.status == 504 && ++too_large_ >= kTooLargeTries))) begin_again();
  std::string verb = asking_ == Asking::kWatch ? "watch" : "list";
  events.emplace_back(Trouble{text_of(answer), answer.status == 403 ? verb : ""});
  return pause;
}

Pause Reflector::wait(base::BootTime now) {
  if (now - failed_ > kForgottenAfter) failures_ = 0;
  failed_ = now;
  return {kBackoff.with_jitter(++failures_, random_)};
}

// So long, or longer by up to half of it.
base::Millis Reflector::jittered(base::Millis time) {
  return base::Millis(std::uniform_int_distribution<int64_t>(time.count(), time.count() * 3 / 2)(random_));
}

void Reflector::begin_again() {
  version_.clear();
  page_.clear();
  too_large_ = 0;
}

}  // namespace sources::api_server
