// decide: by the table of kinds; what a decision keeps; inputs that are recorded as they are; the
// way back from an event to its input.
#include "engine/core/model/decide.h"

#include <cstring>

#include "engine/core/base/zone.h"
#include "engine/core/model/drafter.h"
#include "engine/core/model/kinds.h"
#include "engine/core/model/tables.h"
#include "schemas/fields.h"

namespace spine::core {

namespace {

// Buffers up to this size are reused for the next input; larger ones are freed.
constexpr std::size_t kKeptBytesMax = 256 * limits::kKiB;

}  // namespace

void Decision::clear() {
  drafts_.clear();
  for (std::size_t i = 0; i < kept_count_; ++i) {
    if (kept_[i].size() * sizeof(std::uint64_t) <= kKeptBytesMax) continue;
    kept_[i] = {};
    builder_.Reset();
  }
  kept_count_ = 0;
  reply = Reply{};
}

BodyBuilder& Decision::builder() {
  builder_.Clear();
  return builder_;
}

ByteSpan Decision::finish(flatbuffers::Offset<void> root) {
  builder_.Finish(root);
  const std::size_t bytes = builder_.GetSize();
  if (kept_count_ == kept_.size()) kept_.emplace_back();
  std::vector<std::uint64_t>& words = kept_[kept_count_++];
  words.resize((bytes + 7) / 8);
  std::memcpy(words.data(), builder_.GetBufferPointer(), bytes);
  return {reinterpret_cast<const std::byte*>(words.data()), bytes};
}

bool input_kind(std::uint16_t kind) {
  return kind_of(kind).decide != nullptr;
}

void decide(const State& state, const Input& input, Decision& decision) {
  SPINE_CHECK(input_kind(input.kind));
  kind_of(input.kind).decide(state.tables(), input, decision);
}

void decide_recorded(const Tables& tables, const Input& input, Decision& decision) {
  decision.reply.seq =
      Drafter(tables, input, decision)
          .add_input(Why{.principal = input.principal.value, .session = input.session.value});
}

void decide_within(bool bounds, const Tables& tables, const Input& input, Decision& decision) {
  if (!bounds) return decision.refuse(ReplyCode::rejected);
  decision.reply.seq =
      Drafter(tables, input, decision).add_input(Why{.principal = input.principal.value});
}

void decide_zone_rules(const Tables& tables, const Input& input, Decision& decision) {
  const auto& rules = root_of<fb::ZoneRules>(input.body);
  const bool fits =
      good_zone_rules(rules) && fit(limits::kNameBytesMax, rules.zone(), rules.version());
  decide_within(fits, tables, input, decision);
}

void decide_connects_refused(const Tables& tables, const Input& input, Decision& decision) {
  const auto* refused = root_of<fb::ConnectsRefused>(input.body).refused();
  const bool fits =
      refused != nullptr && refused->size() != 0 && refused->size() <= limits::kRefusedConnectsMax;
  decide_within(fits, tables, input, decision);
}

void decide_config_changed(const Tables& tables, const Input& input, Decision& decision) {
  const auto& changed = root_of<fb::ConfigChanged>(input.body);
  const auto* paths = changed.paths();
  // One more entry says how many were left out.
  bool fits = (paths == nullptr || paths->size() <= limits::kConfigPathsMax + 1) &&
              fit(limits::kConfigDiffBytesMax, changed.diff());
  for (flatbuffers::uoffset_t i = 0; paths != nullptr && i < paths->size(); ++i)
    fits = fits && paths->Get(i)->size() <= limits::kKeyBytesMax;
  decide_within(fits, tables, input, decision);
}

bool input_of(const EventView& event, Input& input, BodyBuilder& scratch) {
  if ((event.header.flags & record_flag::kInput) == 0) return false;
  input = Input{.kind = event.header.kind,
                .source = static_cast<Source>(event.header.source),
                .principal = PrincipalId{event.header.principal},
                .session = SessionId{event.header.session},
                .now = {.wall_ms = event.header.wall_ms, .logical_ms = event.header.logical_ms},
                .body = event.body};
  const fb::MessageReceived* message = nullptr;
  if (is_kind(event, fb::EventBody::MessageRejected)) {
    message = root_of<fb::MessageRejected>(event).message();
    if (message == nullptr) return false;
    scratch.Clear();
    scratch.ForceVectorAlignment(sizeof(std::uint64_t), 1, sizeof(std::uint64_t));
    scratch.Finish(copy_message(scratch, *message));
    input.kind = kind_number(fb::EventBody::MessageReceived);
    input.body = finished(scratch);
  } else if (is_kind(event, fb::EventBody::MessageReceived)) {
    message = &root_of<fb::MessageReceived>(event);
  }
  // The session that an input opens is in the header of the event only.
  if (is_kind(event, fb::EventBody::SessionOpened)) input.session = SessionId{};
  if (message != nullptr) {
    // The header names who wrote the message and its session; the input came with its bridge.
    input.session = SessionId{};
    if (message->via() == fb::MessageVia::channel) input.principal = PrincipalId{message->bridge()};
  }
  return true;
}

}  // namespace spine::core
