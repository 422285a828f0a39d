// Lookup: a walk over messages and runs that compares their ids.
#include "replay/trace/lookup.h"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <span>

#include "schemas/event_verify.h"
#include "schemas/fields.h"
#include "schemas/vocab/ascii.h"
#include "schemas/vocab/show.h"

#include "event_generated.h"

namespace spine::replay {
namespace {

constexpr std::size_t kPrefixBytesMin = 4;
constexpr std::size_t kKeysNamed = 8;

// What is looked for, and where it may stand.
class NamedBy {
 public:
  explicit NamedBy(std::string_view text) : text_(text) {
    const std::size_t colon = text.find(':');
    if (colon == std::string_view::npos || colon + 1 == text.size()) return;
    channel_ = text.substr(0, colon);
    id_ = text.substr(colon + 1);
  }

  // Cheap, and never false where it stands in the body.
  bool may_stand_in(ByteSpan body) const {
    const std::string_view needle = id_.empty() ? text_ : id_;
    return ::memmem(body.data(), body.size(), needle.data(), needle.size()) != nullptr;
  }
  bool is_of(const fb::MessageReceived* message) const {
    if (message == nullptr) return false;
    const std::string_view external = text_of(message->external_id());
    if (external == text_ || text_of(message->idempotency_key()) == text_) return true;
    return !id_.empty() && external == id_ && same_but_case(text_of(message->channel()), channel_);
  }
  bool is_of(const fb::RunQueued& run) const {
    const std::string_view key = text_of(run.run_key());
    return key == text_ || (text_.size() >= kPrefixBytesMin && key.starts_with(text_));
  }

 private:
  std::string_view text_;
  std::string_view channel_{};
  std::string_view id_{};  // empty = no channel is given
};

void keep_match(std::vector<Seq>& list, Seq seq) {
  if (list.size() == Matches::kMatchesMax) list.erase(list.begin());
  list.push_back(seq);
}

struct RunMatch {
  Seq seq{};
  std::string key{};
};
constexpr std::size_t kRunMatchesMax = 1'000;

struct MatchesSoFar {
  Matches messages{};
  std::vector<RunMatch> runs{};
};

void match(const EventView& event, const NamedBy& name, MatchesSoFar& out) {
  if (is_kind(event, fb::EventBody::MessageReceived)) {
    if (name.is_of(&root_of<fb::MessageReceived>(event)))
      keep_match(out.messages.accepted, event.seq);
  } else if (is_kind(event, fb::EventBody::MessageRejected)) {
    if (name.is_of(root_of<fb::MessageRejected>(event).message()))
      keep_match(out.messages.rejected, event.seq);
  } else if (name.is_of(root_of<fb::RunQueued>(event))) {
    out.runs.push_back({event.seq, std::string(text_of(root_of<fb::RunQueued>(event).run_key()))});
    if (out.runs.size() > kRunMatchesMax) out.runs.erase(out.runs.begin());
  }
}

// The runs of the whole key, if there are any; else all.
void name_runs(std::vector<RunMatch> runs, std::string_view text, Matches& out) {
  if (std::ranges::find(runs, text, &RunMatch::key) != runs.end()) {
    std::erase_if(runs, [&](const RunMatch& run) { return run.key != text; });
  }
  for (RunMatch& run : runs) {
    keep_match(out.runs, run.seq);
    out.run_keys.push_back(std::move(run.key));
  }
  std::ranges::sort(out.run_keys);
  out.run_keys.erase(std::unique(out.run_keys.begin(), out.run_keys.end()), out.run_keys.end());
}

bool can_be_named(const EventView& event) {
  return is_kind(event, fb::EventBody::MessageReceived) ||
         is_kind(event, fb::EventBody::MessageRejected) || is_kind(event, fb::EventBody::RunQueued);
}

Error ambiguous(std::string_view text, const Matches& matches) {
  std::vector<std::string> keys;
  for (const std::string& key :
       std::span(matches.run_keys).first(std::min(matches.run_keys.size(), kKeysNamed))) {
    keys.push_back(printable(key));
  }
  const bool more = matches.run_keys.size() > kKeysNamed;
  return Error{Errc::invalid_argument,
               fmt::format("\"{}\" is the beginning of several run ids: {}{}. Give more of it.",
                           printable(text), fmt::join(keys, ", "), more ? ", ..." : "")};
}

}  // namespace

std::optional<Seq> seq_of_text(std::string_view text) {
  if (text.starts_with('#')) text.remove_prefix(1);
  std::uint64_t seq = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seq);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return {};
  return Seq{seq};
}

Result<Matches> find_matches(std::string_view text, Timeline& timeline, Names& names,
                             Selection& selection) {
  MatchesSoFar found;
  if (text.empty()) return found.messages;
  const NamedBy name(text);
  SPINE_TRY_STATUS(timeline.for_each_event(
      selection.from, selection.upto,
      [&](const EventView& event) {
        if (can_be_named(event) && name.may_stand_in(event.body) && event_is_readable(event) &&
            selection.wanted(event, names)) {
          match(event, name, found);
        }
        return true;
      },
      &selection.where()));
  name_runs(std::move(found.runs), text, found.messages);
  return found.messages;
}

Status check_there(Seq seq, Timeline& timeline) {
  if (seq && seq >= timeline.first() && seq <= timeline.last()) return ok();
  if (!timeline.last()) return Error{Errc::not_found, "The journal is empty."};
  return Error{Errc::not_found,
               fmt::format("Event #{} is not in the journal: it holds #{} to #{}.", seq.value,
                           timeline.first().value, timeline.last().value)};
}

Result<Seq> find_event(std::string_view text, Timeline& timeline, Names& names,
                       Selection& selection) {
  const std::optional<Seq> seq = seq_of_text(text);
  // Platforms number messages, too: what is no seq of this journal may be such a number.
  const Status there = seq ? check_there(*seq, timeline) : Status(ok());
  if (seq && (there || text.starts_with('#'))) {
    SPINE_TRY_STATUS(there);
    return *seq;
  }
  SPINE_TRY(const Matches matches, find_matches(text, timeline, names, selection));
  if (!matches.accepted.empty()) return matches.accepted.back();
  if (!matches.rejected.empty()) return matches.rejected.back();
  if (matches.run_keys.size() > 1) return ambiguous(text, matches);
  if (!matches.runs.empty()) return matches.runs.back();
  if (seq) SPINE_TRY_STATUS(there);
  return Error{
      Errc::not_found,
      fmt::format("No message and no run of that id is in the part of the journal that was looked "
                  "at: \"{}\". Give the platform's id (\"telegram:123\"), the idempotency key, the "
                  "run id or a seq (\"#123\"); `spine replay explain` says more about a message "
                  "that is missing.",
                  printable(text))};
}

}  // namespace spine::replay
