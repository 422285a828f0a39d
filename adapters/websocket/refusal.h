// Refusal: the error object of a response.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace spine::net {

// The error codes of the protocol.
namespace error_code {
inline constexpr std::string_view kInvalidRequest = "INVALID_REQUEST";
inline constexpr std::string_view kForbidden = "FORBIDDEN";
inline constexpr std::string_view kNotPaired = "NOT_PAIRED";
inline constexpr std::string_view kUnavailable = "UNAVAILABLE";
}  // namespace error_code

struct Refusal {
  std::string_view code{error_code::kInvalidRequest};
  std::string message{};
  std::string details{};  // a JSON object, or empty
  bool retryable{};
  std::uint64_t retry_after_ms{};
};

}  // namespace spine::net
