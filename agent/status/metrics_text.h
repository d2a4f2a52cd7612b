// The text format of Prometheus, version 0.0.4: families in the order in which they are begun.
#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

#include "model/service_sync.h"

namespace status {

constexpr const char* kMetricsType = "text/plain; version=0.0.4; charset=utf-8";

class MetricsText {
 public:
  using Labels = std::initializer_list<std::pair<std::string_view, std::string_view>>;

  // The samples of a family follow its beginning. `type`: counter, gauge or histogram.
  void family(std::string_view name, std::string_view type, std::string_view help);
  void sample(Labels labels, double value);
  void sample(Labels labels, uint64_t value);
  void sample(double value) { sample({}, value); }
  void sample(uint64_t value) { sample({}, value); }

  template <const auto& kBounds>
  void histogram(Labels labels, const model::Histogram<kBounds>& histogram) {
    uint64_t below = 0;
    for (size_t i = 0; i < kBounds.size(); ++i) bucket(labels, number(kBounds[i]), below += histogram.counts[i]);
    bucket(labels, "+Inf", below += histogram.counts[kBounds.size()]);
    write("_sum", labels, {}, number(histogram.sum));
    write("_count", labels, {}, std::to_string(below));
  }

  std::string take() { return std::move(text_); }

 private:
  static std::string number(double value);
  void bucket(Labels labels, std::string_view upper_end, uint64_t count);
  void write(std::string_view suffix, Labels labels, std::string_view upper_end, std::string_view value);

  std::string name_, text_;
};

}  // namespace status
