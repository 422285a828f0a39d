// Arbitrary bytes as a request to a webhook: however it is cut, it is the same request or refused,
// and no body is larger than may be.
// links: spine_hooks
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>

#include "adapters/hooks/hook_connection.h"
#include "schemas/vocab/limits.h"

namespace {

using namespace spine;

void expect(bool condition) {
  if (!condition) std::abort();
}

struct Told {
  int status{};  // 0 = more is to come
  std::string path{};
  std::string body{};
};

Told read(std::string_view text, std::size_t step) {
  hooks::HookConnection connection;
  for (std::size_t at = 0; at < text.size(); at += step) {
    const auto judged = connection.read(text.substr(at, step));
    if (!judged) continue;
    Told told{.status = judged->status};
    if (told.status != 200) return told;
    told.path = connection.head.path();
    told.body = connection.body->body();
    expect(told.body.size() <= limits::kHookBodyBytesMax);
    return told;
  }
  return {};
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text{reinterpret_cast<const char*>(data), size};
  const Told whole = read(text, size + 1);
  for (const std::size_t step : {std::size_t{1}, std::size_t{7}}) {
    const Told cut = read(text, step);
    // What is refused may be refused for something else, sooner.
    expect(std::min(cut.status, 201) == std::min(whole.status, 201));
    expect(cut.path == whole.path && cut.body == whole.body);
  }
  return 0;
}
