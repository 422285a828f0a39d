// BodyReader: bytes counted, or chunk by chunk.
#include "adapters/http/body_reader.h"

#include <algorithm>
#include <charconv>

#include "schemas/vocab/ascii.h"
#include "schemas/vocab/limits.h"

namespace spine::http {
namespace {

constexpr std::size_t kLineBytesMax = 256;  // of a chunk's size and extensions, of a trailer
constexpr std::size_t kSizeDigitsMax = 8;

}  // namespace

BodyReader::BodyReader(const RequestHead& head, std::size_t bytes_max)
    : bytes_max_(bytes_max),
      chunked_(head.has_body() && head.has(Field::transfer_encoding)),
      left_(chunked_ ? 0 : head.body_bytes()) {
  if (!head.has_body()) {
    state_ = State::complete;
  } else if (left_ > bytes_max_) {
    state_ = State::too_large;
  }
}

BodyReader::State BodyReader::read(std::string_view bytes) {
  if (state_ != State::incomplete) return state_;
  if (chunked_) {
    read_chunks(bytes);
  } else {
    take_data(bytes);
    if (left_ == 0) state_ = State::complete;
  }
  return state_;
}

void BodyReader::take_data(std::string_view& bytes) {
  const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(left_, bytes.size()));
  body_ += bytes.substr(0, count);
  bytes.remove_prefix(count);
  left_ -= count;
}

void BodyReader::read_chunks(std::string_view bytes) {
  while (state_ == State::incomplete && !bytes.empty()) {
    if (part_ == Part::data) {
      take_data(bytes);
      if (left_ == 0) part_ = Part::end_of_data;
      continue;
    }
    const std::size_t feed = bytes.find('\n');
    line_ += bytes.substr(0, feed == std::string_view::npos ? feed : feed + 1);
    if (line_.size() > kLineBytesMax) {
      state_ = State::malformed;
    } else if (feed != std::string_view::npos) {
      bytes.remove_prefix(feed + 1);
      end_line();
      line_.clear();
    } else {
      return;
    }
  }
}

// A bare LF ends a line for some readers and not for others: it is refused.
void BodyReader::end_line() {
  std::string_view line = line_;
  state_ = State::malformed;
  if (!line.ends_with("\r\n")) return;
  line.remove_suffix(2);
  if (part_ == Part::end_of_data) {
    if (!line.empty()) return;
    part_ = Part::size;
  } else if (part_ == Part::trailer) {
    trailer_bytes_ += line.size();
    if (trailer_bytes_ > limits::kHttpHeadBytesMax) return;
    if (line.empty()) {
      state_ = State::complete;
      return;
    }
  } else {
    const std::string_view digits = trimmed(line.substr(0, line.find(';')), " \t");
    if (digits.empty() || digits.size() > kSizeDigitsMax) return;
    const auto [end, fault] =
        std::from_chars(digits.data(), digits.data() + digits.size(), left_, 16);
    if (fault != std::errc{} || end != digits.data() + digits.size()) return;
    part_ = left_ == 0 ? Part::trailer : Part::data;
    if (left_ > bytes_max_ - body_.size()) {
      state_ = State::too_large;
      return;
    }
  }
  state_ = State::incomplete;
}

}  // namespace spine::http
