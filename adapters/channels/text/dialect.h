// Dialect: how a platform takes text: what it calls bold, how it counts, how much it takes.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "adapters/channels/text/text_units.h"

namespace spine::channels {

// What part of a text may be marked as. A code block is a `block`, code within a line is `code`.
enum class Mark : std::uint8_t { bold, italic, strike, code, block, link, quote };
inline constexpr std::size_t kMarks = 7;

// How a platform writes a mark around the text.
struct MarkForm {
  std::string_view open{};
  std::string_view close{};
};

struct Dialect {
  std::string_view name{};
  Count count{};             // what the platform counts
  std::size_t units_max{};   // it takes in one message; 0 = any number
  std::size_t blocks_max{};  // as well; 0 = any number
  // It takes Markdown: pieces are parts of the source. The rest of this is then not used.
  bool takes_markdown{};
  bool tables{};         // it shows tables of Markdown; else they become a grid
  bool html{};           // marks are tags, which it does not count, and text is escaped
  bool marks_a_line{};   // a mark ends with its line and begins anew in the next
  bool quotes_a_line{};  // a quote is "> " before each line
  std::array<MarkForm, kMarks> marks{};  // by Mark; a link without a form is text with its URL
};

// The dialects there are. Thread: any.
extern const Dialect kTelegramHtml;
extern const Dialect kTelegramRich;  // the Markdown of rich messages, Bot API 10.1 and later
extern const Dialect kDiscord;
extern const Dialect kWhatsApp;
extern const Dialect kPlain;

// By its name: telegram_html, telegram_rich, discord, whatsapp, plain; nullptr = there is none.
const Dialect* find_dialect(std::string_view name);

}  // namespace spine::channels
