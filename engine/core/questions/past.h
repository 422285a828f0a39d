// Past: what travels between the gateway and the process that answers for a moment of the past.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "engine/core/base/kept_body.h"
#include "engine/core/questions/answers.h"
#include "engine/core/questions/codec.h"
#include "engine/core/questions/question.h"
#include "schemas/vocab/bytes.h"
#include "schemas/vocab/ids.h"
#include "schemas/vocab/result.h"

namespace spine::core {

// A question as of a moment: its text, as people write moments. Borrowed.
struct PastQuestion {
  std::string_view moment{};
  Question question{};

  static void list(auto& item, auto& fields) { fields(item.moment, item.question); }
};

// The answer to a PastQuestion: the item that the question would be answered with now, and which
// moment it is about.
struct PastItem {
  static constexpr auto kKind = ItemKind::past;
  Seq seq{};  // the state after this event
  std::int64_t wall_ms{};
  ItemKind kind{};
  ByteSpan answer{};  // 8-aligned

  static void list(auto& item, auto& fields) {
    fields(item.seq, item.wall_ms, item.kind, item.answer);
  }
};

// Why a PastQuestion has no answer.
struct PastFailureItem {
  static constexpr auto kKind = ItemKind::past_failure;
  Errc code{};
  std::string_view message{};  // for people: what was wrong, and what to do
  bool retryable{};            // the same question may have an answer later

  static void list(auto& item, auto& fields) { fields(item.code, item.message, item.retryable); }
};

// What one process sends to the other for each question, and each answer: a line of text.
struct PastAnswer {
  std::string_view version{};  // of the program that answers
  ItemKind kind{};             // past or past_failure
  ByteSpan item{};             // 8-aligned

  static void list(auto& answer, auto& fields) { fields(answer.version, answer.kind, answer.item); }
};
std::string line_of(const PastQuestion& question);
std::string line_of(const PastAnswer& answer);
// The bytes of a line; none when it is no such line. Any text may be given.
std::optional<KeptBody> bytes_of_line(std::string_view line);
// False when the bytes are not one. Borrowed from them.
bool parse_question(ByteSpan bytes, PastQuestion& out);
// The same; also false when it is not what the question of that kind is answered with, whole, with
// events that can be read.
bool parse_answer(ByteSpan bytes, std::uint16_t question_kind, PastAnswer& out);

}  // namespace spine::core
