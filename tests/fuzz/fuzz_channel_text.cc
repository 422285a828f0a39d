// Fuzzes texts for channels: the first byte chooses the platform, the second the limit; what must
// hold of the pieces of any text is checked for the rest.

// links: spine_channel_text PkgConfig::MD4C PkgConfig::UTF8PROC

#include <array>
#include <cstdint>
#include <string_view>

#include "adapters/channels/text/render.h"
#include "schemas/vocab/check.h"
#include "tests/support/rendered_text.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace spine::channels;
  constexpr std::array kDialects = {&kTelegramHtml, &kTelegramRich, &kDiscord, &kWhatsApp, &kPlain};
  if (size < 2) return 0;
  const Dialect& dialect = *kDialects[data[0] % kDialects.size()];
  const std::size_t limit = std::size_t{data[1]} * 16;
  const std::string_view text(reinterpret_cast<const char*>(data + 2), size - 2);
  const std::string fault = test::find_fault(text, dialect, limit);
  SPINE_CHECK(fault.empty());
  needs_rich(text);
  return 0;
}
