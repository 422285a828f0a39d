// Fuzzes what the gateway and the process that answers for the past send each other.
// links: spine_core
//
// Are arbitrary bytes, as a question and as the answer to each question, read within their bounds?
// Does a question that is taken say the same when it is sent on?
#include <cstddef>
#include <cstdint>
#include <string>

#include "engine/core/questions/past.h"
#include "engine/core/questions/state_answers.h"
#include "schemas/vocab/base64.h"
#include "schemas/vocab/check.h"

namespace {

using namespace spine;

volatile std::uint64_t sink = 0;

void touch(std::string_view text) {
  for (const char c : text)
    sink = sink + static_cast<unsigned char>(c);
}

void read_history(ByteSpan answer) {
  core::HistoryItem item{};
  SPINE_CHECK(core::parse(answer, item));
  touch(item.session.key);
  for (const EventView& event : item.events)
    touch(as_text(event.body));
}

void read_sessions(ByteSpan answer) {
  core::SessionsItem item{};
  SPINE_CHECK(core::parse(answer, item));
  for (const core::SessionView& session : item.sessions)
    touch(session.active_run_key);
}

void read_answer(ByteSpan bytes, std::uint16_t question) {
  core::PastAnswer answer{};
  if (!core::parse_answer(bytes, question, answer)) return;
  touch(answer.version);
  core::PastItem item{};
  if (answer.kind != core::ItemKind::past || !core::parse(answer.item, item)) return;
  if (item.kind == core::ItemKind::history) read_history(item.answer);
  if (item.kind == core::ItemKind::sessions) read_sessions(item.answer);
}

void read_question(ByteSpan bytes) {
  core::PastQuestion question{};
  if (!core::parse_question(bytes, question)) return;
  const auto again = core::bytes_of_line(core::line_of(question));
  core::PastQuestion same{};
  SPINE_CHECK(again && core::parse_question(again->view(), same));
  SPINE_CHECK(same.moment == question.moment && same.question.text == question.question.text);
  core::KeyList::for_each(question.question.text, touch);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  core::bytes_of_line(text);
  const auto bytes = core::bytes_of_line(encode_base64url(as_bytes(text)));
  if (!bytes) return 0;
  read_question(bytes->view());
  for (std::uint16_t kind = 0; kind < 0x200; ++kind) {
    if (core::StateAnswers::kind_of_answer(kind)) read_answer(bytes->view(), kind);
  }
  return 0;
}
