// What both ways of writing a status share: where its time of writing goes.
#pragma once

#include <ctime>
#include <string>
#include <string_view>

#include "model/desired/rows.h"

namespace io {

constexpr size_t kTimeSize = 20;

// A time as Kubernetes writes it (RFC 3339, UTC, whole seconds): always kTimeSize characters.
inline std::string utc_text(std::time_t time) {
  std::tm parts{};
  gmtime_r(&time, &parts);
  char text[kTimeSize + 1];
  (void)std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts);
  return text;
}
inline std::string utc_now() { return utc_text(std::time(nullptr)); }

// The text with `time` for each kTimeOfWrite.
inline std::string with_time(std::string text, std::string_view time) {
  constexpr std::string_view kPlace = model::desired::kTimeOfWrite;
  for (size_t at = 0; (at = text.find(kPlace, at)) != std::string::npos; at += time.size()) text.replace(at, kPlace.size(), time);
  return text;
}

// Whether `written` is with_time(text, T) for any times T.
inline bool equal_but_for_time(std::string_view written, std::string_view text) {
  constexpr std::string_view kPlace = model::desired::kTimeOfWrite;
  for (;;) {
    const size_t place = text.find(kPlace);
    if (place == std::string_view::npos) return written == text;
    if (written.size() < place + kTimeSize || written.substr(0, place) != text.substr(0, place)) return false;
    written.remove_prefix(place + kTimeSize);
    text.remove_prefix(place + kPlace.size());
  }
}

}  // namespace io
