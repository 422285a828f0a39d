// Result<T>: a value or an Error; how failures from outside reach the caller that handles them.
// The surface follows std::expected, which g++ 12 does not offer in C++20.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <variant>

#include "schemas/vocab/check.h"

namespace spine {

enum class Errc : std::uint8_t {
  invalid_argument,  // input from outside that does not have the required form
  not_found,         // the named thing does not exist
  in_use,            // somebody else holds it: a port, a state directory
  refused,           // understood, and not allowed
  no_space,          // disk or a bound is full; may succeed later
  io,                // the operating system reported a failure
  corrupt,           // bytes on disk are not what was written
  newer_format,      // written by a newer version than this program understands
  unavailable,       // not now; may succeed later
  timed_out,         // a deadline passed
};

// What went wrong and, where it helps, what to do: one or more full sentences for a person.
struct Error {
  Errc code{};
  std::string message{};
};

struct Unit {};

template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}

  bool has_value() const { return state_.index() == 0; }
  explicit operator bool() const { return has_value(); }

  // REQUIRES: has_value().
  T& value() & {
    SPINE_CHECK(has_value());
    return *std::get_if<0>(&state_);
  }
  const T& value() const& {
    SPINE_CHECK(has_value());
    return *std::get_if<0>(&state_);
  }
  T&& value() && {
    SPINE_CHECK(has_value());
    return std::move(*std::get_if<0>(&state_));
  }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

  // REQUIRES: !has_value().
  const Error& error() const {
    SPINE_CHECK(!has_value());
    return *std::get_if<1>(&state_);
  }

 private:
  std::variant<T, Error> state_;
};

using Status = Result<Unit>;

inline Status ok() {
  return Unit{};
}

}  // namespace spine

#define SPINE_CONCAT_INNER(a, b) a##b
#define SPINE_CONCAT(a, b) SPINE_CONCAT_INNER(a, b)
#define SPINE_TRY_INNER(tmp, declaration, expression) \
  auto tmp = (expression);                            \
  if (!tmp) return tmp.error();                       \
  declaration = std::move(tmp).value()

// SPINE_TRY(auto x, f()): x becomes the value of f(), or the function returns f()'s error.
// Expands to several statements: always inside braces.
#define SPINE_TRY(declaration, expression) \
  SPINE_TRY_INNER(SPINE_CONCAT(spine_try_, __LINE__), declaration, expression)

// SPINE_TRY_STATUS(f()): returns f()'s error, if it has one.
#define SPINE_TRY_STATUS(expression)                                \
  do {                                                              \
    auto spine_status = (expression);                               \
    if (!spine_status) return ::spine::Error(spine_status.error()); \
  } while (false)
