// What a decision came to, in words that scripts of tests compare.
#include "schemas/event_verify.h"
#include "tests/unit/core/world.h"

namespace spine::core {
namespace {

template <class Enum>
std::string enum_name(Enum value, const char* (*name_of)(Enum)) {
  return name_of(value);
}

template <class T>
const T& body(const EventView& event) {
  return *flatbuffers::GetRoot<T>(event.body.data());
}

// The text of the message that a run answers.
std::string run_text(const World& world, std::uint64_t run) {
  if (run == 0 || run > world.journal.size()) return "?";
  const auto& queued = body<fb::RunQueued>(world.journal[run - 1].view(Seq{run}));
  const auto& message =
      body<fb::MessageReceived>(world.journal[queued.message() - 1].view(Seq{queued.message()}));
  return message.text()->str();
}

std::string run_texts(const World& world, const flatbuffers::Vector<std::uint64_t>* runs) {
  std::string all;
  for (const std::uint64_t run : *runs)
    all += (all.empty() ? "" : ",") + run_text(world, run);
  return all;
}

std::string detail(const World& world, const EventView& event) {
  switch (static_cast<fb::EventBody>(event.header.kind)) {
    case fb::EventBody::SessionOpened:
      return body<fb::SessionOpened>(event).key()->str();
    case fb::EventBody::SessionReset:
      return enum_name(body<fb::SessionReset>(event).reason(), fb::EnumNameResetReason);
    case fb::EventBody::SessionClosed:
      return enum_name(body<fb::SessionClosed>(event).reason(), fb::EnumNameCloseReason);
    case fb::EventBody::MessageRejected:
      return enum_name(body<fb::MessageRejected>(event).reason(), fb::EnumNameRejectReason);
    case fb::EventBody::RunQueued:
      return run_text(world, event.seq.value);
    case fb::EventBody::RunStarted: {
      const auto& started = body<fb::RunStarted>(event);
      std::string shown = run_text(world, started.run());
      if (started.attempt() != 1) shown += " again " + std::to_string(started.attempt());
      if (started.collected() == nullptr) return shown;
      return shown + " and " + std::to_string(started.collected()->size());
    }
    case fb::EventBody::RunFinished:
      return run_text(world, body<fb::RunFinished>(event).run());
    case fb::EventBody::RunFailed: {
      const auto& failed = body<fb::RunFailed>(event);
      const bool derived = (event.header.flags & record_flag::kInput) == 0;
      return derived ? run_text(world, failed.run()) + " " +
                           enum_name(failed.outcome(), fb::EnumNameRunOutcome)
                     : std::string{};
    }
    case fb::EventBody::RunInterrupted:
      return run_text(world, body<fb::RunInterrupted>(event).run());
    case fb::EventBody::RunSteered:
      return run_text(world, body<fb::RunSteered>(event).run()) + " into " +
             run_text(world, body<fb::RunSteered>(event).into());
    case fb::EventBody::RunsMerged:
      return run_texts(world, body<fb::RunsMerged>(event).runs()) + " into " +
             run_text(world, body<fb::RunsMerged>(event).into());
    case fb::EventBody::RunAborted:
      return run_texts(world, body<fb::RunAborted>(event).runs());
    case fb::EventBody::ApprovalResolved: {
      const auto& answer = body<fb::ApprovalResolved>(event);
      std::string shown = enum_name(answer.decision(), fb::EnumNameApprovalDecision);
      shown += std::string(" via ") + fb::EnumNameDecidedVia(answer.via());
      return answer.rule() == nullptr ? shown : shown + " " + answer.rule()->str();
    }
    case fb::EventBody::SessionPatched:
      return "fields " + std::to_string(body<fb::SessionPatched>(event).fields());
    case fb::EventBody::ChannelPairingRequested:
      return body<fb::ChannelPairingRequested>(event).sender_id()->str();
    case fb::EventBody::ChannelPairingResolved:
      return body<fb::ChannelPairingResolved>(event).approved() ? "approved" : "rejected";
    case fb::EventBody::PairingCodeAnswered: {
      const auto& answer = body<fb::PairingCodeAnswered>(event);
      return answer.code()->str() + (answer.approved() ? " approved" : " rejected");
    }
    default:
      return {};
  }
}

}  // namespace

std::string show_drafts(const World& world) {
  std::string out;
  const std::size_t count = world.decision.count();
  for (std::size_t back = count; back-- > 0;) {
    const EventView event = world.last(back);
    if (!out.empty()) out += ' ';
    out += event_kind_name(event.header.kind);
    const std::string more = detail(world, event);
    if (!more.empty()) out += "(" + more + ")";
  }
  return out;
}

std::string show_reply(const Reply& reply) {
  switch (reply.code) {
    case ReplyCode::accepted:
      return "accepted";
    case ReplyCode::duplicate:
      return "duplicate";
    case ReplyCode::in_flight:
      return "in_flight";
    case ReplyCode::done:
      return "done";
    case ReplyCode::rejected:
      return "rejected";
    case ReplyCode::rate_limited:
      return "rate_limited";
    case ReplyCode::not_found:
      return "not_found";
    case ReplyCode::nothing_to_do:
      return "nothing_to_do";
    case ReplyCode::refused_main:
      return "refused_main";
    case ReplyCode::no_space:
      return "no_space";
    case ReplyCode::label_taken:
      return "label_taken";
    case ReplyCode::malformed_key:
      return "malformed_key";
    case ReplyCode::missing_scope:
      return "missing_scope";
    case ReplyCode::run_open:
      return "run_open";
    case ReplyCode::run_answered:
      return "run_answered";
    case ReplyCode::left_behind:
      return "left_behind";
    case ReplyCode::before_history:
      return "before_history";
    case ReplyCode::after_history:
      return "after_history";
    case ReplyCode::history_full:
      return "history_full";
  }
  return "?";
}

}  // namespace spine::core
