// Events as people and programs read them: names behind numbers, every field by its name.
#pragma once

#include <algorithm>
#include <cstdint>
#include <flatbuffers/flatbuffers.h>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "engine/core/model/state.h"
#include "journal/reader.h"
#include "replay/timeline/timeline.h"
#include "schemas/event_json.h"
#include "schemas/vocab/ids.h"
#include "schemas/vocab/record.h"

namespace spine::replay {

// The names of a principal id, from the event that created it.
struct PrincipalName {
  std::string kind{};  // "operator_token", "sender", "device"; empty = not found
  std::string key{};
  std::string name{};
};

// The names of a session id, likewise.
struct SessionName {
  std::string key{};  // empty = not found
  std::string channel{};
  std::string agent_id{};
};

// Looks up names: an id is the seq of the event that created it, so that takes one read of the
// journal. What was created before a bundle's first event is looked up in the state before it.
// Thread: one. The timeline outlives it; newer events are found after its reader was renewed.
class Names {
 public:
  explicit Names(Timeline& timeline) : timeline_(timeline) {}

  const PrincipalName& principal(PrincipalId id);
  const SessionName& session(SessionId id);

 private:
  static constexpr std::size_t kCachedMax = 100'000;
  // The event that created the id; false if it is of another kind than Body, or not found.
  template <class Body>
  bool event(std::uint64_t id, EventView& out);
  // Whether the id is of an event before the first, so that `before_` has it if anything has.
  bool is_before(std::uint64_t id);
  Timeline& timeline_;
  std::optional<core::State> before_{};  // before the first event, once it was asked for
  std::map<std::uint64_t, PrincipalName> principals_{};
  std::map<std::uint64_t, SessionName> sessions_{};
};

// "websocket"; "source 9" for one this program does not know.
std::string source_name(std::uint16_t source);
// "MessageReceived"; "kind 250" for one this program does not know.
std::string kind_name(std::uint16_t kind);
// Appends every field that is set, by its name in event.fbs: as a JSON object, or a line each,
// indented. Of a body this program cannot read it says so (null in JSON).
// REQUIRES: the body passed the verifier of its kind, if the kind is known.
void append_body(const EventView& event, bool json, std::string& out);

// Calls f(name, value) for each field of the lines that append_body() writes. Borrowed from
// `lines`.
template <class F>
void for_each_field(std::string_view lines, F f) {
  while (!lines.empty()) {
    const std::size_t end = std::min(lines.find('\n'), lines.size());
    std::string_view line = lines.substr(0, end);
    lines.remove_prefix(std::min(end + 1, lines.size()));
    line.remove_prefix(std::min(line.find_first_not_of(' '), line.size()));
    const std::size_t colon = line.find(": ");
    if (colon != std::string_view::npos) f(line.substr(0, colon), line.substr(colon + 2));
  }
}

enum class Detail : std::uint8_t { all, header };  // header: without the body

// Several lines: seq, time and kind; then why and who; then each field that is set. Ends with a
// newline. REQUIRES: as append_body().
std::string record_text(const EventView& event, Names& names, Detail detail = Detail::all);
// The same as one JSON object without a newline:
// {"seq","time","wallMs","logicalMs","kind","source","input","cause","correlation",
//  "principal":{"id","kind","key","name"}|null,"session":{"id","key"}|null,"body":{...}}
std::string record_json(const EventView& event, Names& names, Detail detail = Detail::all);

}  // namespace spine::replay
