// Arbitrary lines of a channel that is a program: nothing crashes, and what is understood is within
// the bounds that the core asks for.

// links: spine_channel_program

#include <cstdint>
#include <cstdlib>
#include <string_view>
#include <variant>

#include "adapters/channels/program/program_lines.h"
#include "schemas/vocab/limits.h"

namespace {

using namespace spine;
using namespace spine::channels;

void expect(bool condition) {
  if (!condition) std::abort();
}

bool is_name(std::string_view text) {
  return text.size() <= limits::kNameBytesMax;
}

void check(const Said& said) {
  if (const auto* got = std::get_if<SaidMessage>(&said)) {
    const Message& message = got->message;
    expect(!message.external_id.empty() && !message.sender_id.empty());
    expect(!message.conversation_id.empty() && is_name(message.conversation_id));
    expect(is_name(message.external_id) && is_name(message.sender_id) && is_name(got->position));
    expect(is_name(message.sender_name) && is_name(message.thread) && is_name(message.reply_to));
    expect(message.text.size() <= limits::kTextBytesMax && message.timestamp_ms >= 0);
    expect(message.attachments.size() <= limits::kAttachmentsMax);
    expect(!message.text.empty() || !message.attachments.empty());
  } else if (const auto* delivered = std::get_if<SaidDelivered>(&said)) {
    expect(static_cast<bool>(delivered->delivery));
    expect(delivered->ids.size() <= limits::kPlatformIdsMax);
  } else if (const auto* failed = std::get_if<SaidFailed>(&said)) {
    expect(static_cast<bool>(failed->delivery));
    expect(failed->kind != fb::DeliveryFailure::not_ready);
  } else if (const auto* wrong = std::get_if<SaidWrong>(&said)) {
    expect(!wrong->why.empty());
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static ProgramReader reader;
  std::string_view text(reinterpret_cast<const char*>(data), size);
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    check(reader.read(text.substr(0, end)));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return 0;
}
