// A value or the reason why there is none. Every fallible function outside plan/ returns one;
// an Error names the thing that failed first ("link ich12ab: ...") and keeps the errno for callers that decide by it.
#pragma once

#include <cerrno>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace base {

struct Error {
  int code = EINVAL;  // errno(3) value
  std::string text;

  bool operator==(const Error&) const = default;
};

// "text: strerror(code)".
inline Error system_error(int code, std::string_view text) { return Error{code, std::string(text) + ": " + std::strerror(code)}; }
inline Error errno_error(std::string_view text) { return system_error(errno, text); }

template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::move(value)) {}
  Result(Error error) : state_(std::move(error)) {}

  explicit operator bool() const { return state_.index() == 0; }
  bool ok() const { return state_.index() == 0; }
  T& value() & { return std::get<0>(state_); }
  const T& value() const& { return std::get<0>(state_); }
  T&& value() && { return std::get<0>(std::move(state_)); }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }
  const Error& error() const { return std::get<1>(state_); }

 private:
  std::variant<T, Error> state_;
};

template <>
class [[nodiscard]] Result<void> {
 public:
  Result() = default;
  Result(Error error) : error_(std::move(error)) {}

  explicit operator bool() const { return !error_; }
  bool ok() const { return !error_; }
  void value() const {}
  const Error& error() const { return *error_; }

 private:
  std::optional<Error> error_;
};

inline Error with_context(const Error& error, std::string_view context) {
  return Error{error.code, std::string(context) + ": " + error.text};
}

}  // namespace base

// TRY(expr) is the value of expr, or returns its error from the enclosing function. TRY_IN(expr, "what") prefixes the error.
// GNU statement expressions: both compilers that build ichor have them.
#define TRY(expr)                                    \
  ({                                                 \
    auto try_result = (expr);                        \
    if (!try_result.ok()) return try_result.error(); \
    std::move(try_result).value();                   \
  })
#define TRY_IN(expr, context)                                                       \
  ({                                                                                \
    auto try_result = (expr);                                                       \
    if (!try_result.ok()) return base::with_context(try_result.error(), (context)); \
    std::move(try_result).value();                                                  \
  })
