// Lookup: which message or run somebody means who gives its id.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "replay/common.h"
#include "replay/timeline/event_text.h"
#include "replay/timeline/selection.h"
#include "replay/timeline/timeline.h"
#include "schemas/vocab/ids.h"
#include "schemas/vocab/result.h"

namespace spine::replay {

// What bears a name, ascending by seq; of each list at most kMatchesMax.
struct Matches {
  static constexpr std::size_t kMatchesMax = 64;

  std::vector<Seq> accepted{};          // MessageReceived
  std::vector<Seq> rejected{};          // MessageRejected
  std::vector<Seq> runs{};              // RunQueued; when a whole key fits, of that key alone
  std::vector<std::string> run_keys{};  // of those, ascending, each once

  bool empty() const { return accepted.empty() && rejected.empty() && runs.empty(); }
};

// "#123" or "123"; none for anything else.
std::optional<Seq> seq_of_text(std::string_view text);

// Everything selected that `text` names: messages by the platform's id ("m1", "telegram:m1") or
// their idempotency key, runs by their key or, from 4 bytes on, its beginning. One walk, by the
// headers and the bytes alone where they do not match.
Result<Matches> find_matches(std::string_view text, Timeline& timeline, Names& names,
                             Selection& selection);

// The one event that `text` names: a seq, else a message or a run (found as above): of a message
// that came more than once the one that was accepted, the latest of several. Errc::not_found, or
// Errc::invalid_argument when the beginning of a run's key fits several, which are named.
Result<Seq> find_event(std::string_view text, Timeline& timeline, Names& names,
                       Selection& selection);

// Errc::not_found unless the journal holds the event.
Status check_there(Seq seq, Timeline& timeline);

}  // namespace spine::replay
