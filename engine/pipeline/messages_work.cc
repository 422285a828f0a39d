// Messages: what the payloads of items to the loop thread consist of.
#include "engine/pipeline/messages.h"
#include "engine/pipeline/messages_codec.h"
#include "engine/pipeline/messages_write.h"

namespace spine::pipeline {
namespace {

// What of a prompt has a fixed size.
struct PromptFixed {
  EffectId effect{};
  RunId run{};
  SessionId session{};
  Bits128 session_uuid{};
  std::uint32_t attempt{};
  std::uint32_t trust{};
};

struct SteerFixed {
  RunId run{};
  RunId into{};
};

// Padding is written out: payloads are copied as they are.
struct AnswerFixed {
  RunId run{};
  std::uint64_t ask{};
  std::uint64_t decision{};
};

}  // namespace

void write(OutboxProducer& out, const PromptItem& item) {
  write_payload(out, ItemKind::prompt, {}, 0, [&](auto& sink) {
    sink.pod(PromptFixed{item.effect, item.run, item.session, item.session_uuid, item.attempt,
                         static_cast<std::uint32_t>(item.trust)});
    sink.text(item.run_key);
    sink.text(item.session_key);
    sink.text(item.agent_id);
    sink.text(item.agent_session);
    sink.text(item.model);
    sink.text(item.thinking_level);
    sink.text(item.text);
  });
}

void write(OutboxProducer& out, const SteerItem& item) {
  write_payload(out, ItemKind::steer, {}, 0, [&](auto& sink) {
    sink.pod(SteerFixed{item.run, item.into});
    sink.text(item.agent_id);
    sink.text(item.text);
  });
}

void write(OutboxProducer& out, const AnswerItem& item) {
  write_payload(out, ItemKind::answer, {}, 0, [&](auto& sink) {
    sink.pod(AnswerFixed{item.run, item.ask, static_cast<std::uint64_t>(item.decision)});
  });
}

void write(OutboxProducer& out, const ControlItem& item) {
  write_payload(out, ItemKind::control, {}, 0, [&](auto& sink) {
    sink.pod(std::uint64_t{static_cast<std::uint32_t>(item.what)});
    sink.text(item.agent_id);
  });
}

void write(OutboxProducer& out, const CancelItem& item) {
  write_payload(out, ItemKind::cancel, {}, 0, [&](auto& sink) { sink.pod(item); });
}

void write(OutboxProducer& out, const ArmItem& item) {
  write_payload(out, ItemKind::arm, {}, 0, [&](auto& sink) { sink.pod(item); });
}

void write_stopping(OutboxProducer& out, std::string_view reason) {
  write_payload(out, ItemKind::stopping, {}, 0, [&](auto& sink) { sink.text(reason); });
}

void read(ByteSpan payload, PromptItem& item) {
  Parser parser{payload};
  const auto fixed = parser.pod<PromptFixed>();
  item.effect = fixed.effect;
  item.run = fixed.run;
  item.session = fixed.session;
  item.session_uuid = fixed.session_uuid;
  item.attempt = static_cast<std::uint16_t>(fixed.attempt);
  item.trust = static_cast<fb::Trust>(fixed.trust);
  item.run_key = parser.text();
  item.session_key = parser.text();
  item.agent_id = parser.text();
  item.agent_session = parser.text();
  item.model = parser.text();
  item.thinking_level = parser.text();
  item.text = parser.text();
}

void read(ByteSpan payload, SteerItem& item) {
  Parser parser{payload};
  const auto fixed = parser.pod<SteerFixed>();
  item.run = fixed.run;
  item.into = fixed.into;
  item.agent_id = parser.text();
  item.text = parser.text();
}

void read(ByteSpan payload, AnswerItem& item) {
  const auto fixed = Parser{payload}.pod<AnswerFixed>();
  item.run = fixed.run;
  item.ask = fixed.ask;
  item.decision = static_cast<fb::ApprovalDecision>(fixed.decision);
}

void read(ByteSpan payload, ControlItem& item) {
  Parser parser{payload};
  item.what = static_cast<ControlKind>(parser.pod<std::uint64_t>());
  item.agent_id = parser.text();
}

void read(ByteSpan payload, CancelItem& item) {
  item = Parser{payload}.pod<CancelItem>();
}

void read(ByteSpan payload, ArmItem& item) {
  item = Parser{payload}.pod<ArmItem>();
}

std::string_view read_stopping(ByteSpan payload) {
  return Parser{payload}.text();
}

}  // namespace spine::pipeline
