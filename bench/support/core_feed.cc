// CoreFeed: what the engine thread does with an input, without the thread.
#include "bench/support/core_feed.h"

#include "engine/core/model/evolve.h"
#include "schemas/vocab/check.h"

#include "event_generated.h"

namespace spine::bench {
namespace {

std::uint16_t number(fb::EventBody kind) {
  return static_cast<std::uint16_t>(kind);
}

}  // namespace

void CoreFeed::begin(Bits128 epoch) {
  flatbuffers::FlatBufferBuilder builder;
  AlignedBody body;
  build_journal_created(builder, epoch);
  feed(number(fb::EventBody::JournalCreated), body.copy(builder));
  build_engine_started(builder);
  feed(number(fb::EventBody::EngineStarted), body.copy(builder));
  build_policy(builder);
  feed(number(fb::EventBody::ConfigApplied), body.copy(builder));
}

const core::Reply& CoreFeed::message(const MessageIds& ids) {
  return feed(number(fb::EventBody::MessageReceived), messages_.build(ids));
}

const core::Reply& CoreFeed::feed(std::uint16_t kind, ByteSpan body) {
  SPINE_CHECK(core::input_kind(kind));
  now_.logical_ms += 1;
  now_.wall_ms += 1;
  decision_.clear();
  core::decide(state_, {.kind = kind, .source = Source::websocket, .now = now_, .body = body},
               decision_);
  for (const auto& draft : decision_.drafts()) {
    RecordHeader header = draft.header;
    header.body_bytes = static_cast<std::uint32_t>(draft.body.size());
    const Seq seq = next(state_.applied());
    if (batch_ != nullptr) {
      SPINE_CHECK(batch_->append(header, draft.body) == seq);
    }
    core::evolve(state_, {.seq = seq, .header = header, .body = draft.body});
  }
  drafts_ += decision_.count();
  return decision_.reply;
}

}  // namespace spine::bench
