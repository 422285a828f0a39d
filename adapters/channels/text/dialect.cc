// The table of dialects, an entry a platform.
#include "adapters/channels/text/dialect.h"

namespace spine::channels {

// 4,096 UTF-16 units after the tags and entities are taken out.
const Dialect kTelegramHtml{
    .name = "telegram_html",
    .count = Count::utf16_units,
    .units_max = 4'096,
    .html = true,
    .marks = {{{"<b>", "</b>"},
               {"<i>", "</i>"},
               {"<s>", "</s>"},
               {"<code>", "</code>"},
               {"<pre>", "</pre>"},
               {"<a>", "</a>"},
               {"<blockquote>", "</blockquote>"}}},
};

// 32,768 characters, counted as UTF-16 units, which are never fewer; and 500 blocks, of which some
// are left for containers that go on in the next piece.
const Dialect kTelegramRich{
    .name = "telegram_rich",
    .count = Count::utf16_units,
    .units_max = 32'768,
    .blocks_max = 480,
    .takes_markdown = true,
    .tables = true,
};

// Discord's API counts code points, its own clients UTF-16 units: the larger number holds for both.
const Dialect kDiscord{
    .name = "discord",
    .count = Count::utf16_units,
    .units_max = 2'000,
    .takes_markdown = true,
};

// The Cloud API says 4,096 characters and not of which kind: the larger number.
const Dialect kWhatsApp{
    .name = "whatsapp",
    .count = Count::utf16_units,
    .units_max = 4'096,
    .marks_a_line = true,
    .quotes_a_line = true,
    .marks = {{{"*", "*"}, {"_", "_"}, {"~", "~"}, {"`", "`"}, {"```", "```"}, {}, {}}},
};

const Dialect kPlain{
    .name = "plain",
    .count = Count::code_points,
    .quotes_a_line = true,
};

const Dialect* find_dialect(std::string_view name) {
  for (const Dialect* each : {&kTelegramHtml, &kTelegramRich, &kDiscord, &kWhatsApp, &kPlain}) {
    if (each->name == name) return each;
  }
  return nullptr;
}

}  // namespace spine::channels
