// Events of the past with the sessions, runs and questions they are about.
#include "engine/pipeline/follower/gap_reader.h"

#include "engine/core/messages/commands.h"
#include "engine/core/model/kinds.h"
#include "engine/core/model/views.h"
#include "schemas/event_verify.h"
#include "schemas/fields.h"
#include "schemas/vocab/limits.h"

#include "event_generated.h"

namespace spine::pipeline {
namespace {

// The question that an event puts to people, or answers; 0 = it is about none.
Seq question_of(const EventView& event) {
  switch (static_cast<fb::EventBody>(event.header.kind)) {
    case fb::EventBody::ApprovalOpened:
      return Seq{root_of<fb::ApprovalOpened>(event).request()};
    case fb::EventBody::ApprovalResolved:
      return Seq{root_of<fb::ApprovalResolved>(event).request()};
    default:
      return Seq{};
  }
}

}  // namespace

// A session is known by the event that opened it, whose seq is its id; a run by its RunQueued.
Status GapReader::view_session(SessionId id, EventItem& item) {
  if (!id) return ok();
  item.has_session = core::view_session(state_, id, item.session);
  if (item.has_session || id.value > state_.applied().value) return ok();
  SPINE_TRY(const EventView opened, reader_.event_at(Seq{id.value}));
  if (!is_kind(opened, fb::EventBody::SessionOpened)) return ok();
  const auto& body = root_of<fb::SessionOpened>(opened);
  item.has_session = true;
  core::SessionView& session = item.session;
  session.id = id;
  session.key = text_of(body.key());
  session.agent_id = text_of(body.agent_id());
  session.channel = text_of(body.channel());
  session.display_name = text_of(body.display_name());
  session.conversation = body.conversation();
  session.uuid = bits_of(body.uuid());
  session.started_wall_ms = opened.header.wall_ms;
  session.updated_wall_ms = opened.header.wall_ms;
  session.is_main = core::is_main_session(state_, session.key);
  return ok();
}

Status GapReader::view_run(RunId id, EventItem& item) {
  item.has_run = core::view_run(state_, id, item.run);
  if (item.has_run || id.value == 0 || id.value > state_.applied().value) return ok();
  SPINE_TRY(const EventView queued, reader_.event_at(Seq{id.value}));
  if (!is_kind(queued, fb::EventBody::RunQueued)) return ok();
  const auto& body = root_of<fb::RunQueued>(queued);
  item.has_run = true;
  item.run = core::RunView{.id = id,
                           .session = SessionId{queued.header.session},
                           .message = Seq{body.message()},
                           .key = text_of(body.run_key()),
                           .agent_id = text_of(body.agent_id())};
  return ok();
}

// What was asked, from the question itself; its code and when it expired are in the event that put
// it to people.
Status GapReader::view_approval(const EventView& event, EventItem& item) {
  const Seq question = question_of(event);
  if (!question || question >= event.seq) return ok();
  SPINE_TRY(const EventView asked, reader_.event_at(question));
  if (!is_kind(asked, fb::EventBody::ApprovalRequested)) return ok();
  const auto& body = root_of<fb::ApprovalRequested>(asked);
  SPINE_TRY_STATUS(view_run(RunId{body.run()}, item));
  item.has_approval = true;
  core::ApprovalView& approval = item.approval;
  approval.request = question;
  approval.kind = body.kind();
  approval.run = RunId{body.run()};
  approval.session = SessionId{asked.header.session};
  approval.run_key = item.run.key;
  approval.session_key = item.session.key;
  approval.agent_id = item.run.agent_id;
  approval.tool = text_of(body.tool());
  approval.title = text_of(body.title());
  approval.detail = text_of(body.detail());
  approval.cwd = text_of(body.cwd());
  approval.created_wall_ms = asked.header.wall_ms;
  if (body.options() != nullptr) {
    for (const fb::ApprovalOption* option : *body.options())
      approval.options |= 1U << (static_cast<std::uint32_t>(option->decision()) & 31U);
  }
  EventView opened = event;
  if (is_kind(event, fb::EventBody::ApprovalResolved)) {
    // Put to people right after it was asked, if it was at all.
    SPINE_TRY(opened, reader_.event_at(next(question)));
    if (!is_kind(opened, fb::EventBody::ApprovalOpened)) return ok();
  }
  const auto& open = root_of<fb::ApprovalOpened>(opened);
  approval.uuid = bits_of(open.uuid());
  approval.code = text_of(open.code());
  approval.expires_wall_ms = open.expires_wall_ms();
  return ok();
}

Status GapReader::add(const EventView& event, GapItem& gap) {
  EventItem item{};
  item.event = event;
  SPINE_TRY_STATUS(view_session(SessionId{event.header.session}, item));
  if (is_kind(event, fb::EventBody::CommandAnswered)) {
    SPINE_TRY(const EventView message, reader_.event_at(Seq{event.header.cause}));
    item.message_key = core::message_key_of(message);
  }
  const core::Kind& kind = core::kind_of(event.header.kind);
  if (kind.runs == nullptr) {
    SPINE_TRY_STATUS(view_approval(event, item));
    gap.events.push_back(item);
    return ok();
  }
  std::vector<RunId> runs;
  kind.runs(event, runs);
  for (const RunId run : runs) {
    SPINE_TRY_STATUS(view_run(run, item));
    gap.events.push_back(item);
    ++item.part;
  }
  return ok();
}

Result<GapItem> GapReader::read(Seq from, Seq head) {
  GapItem gap{.upto = Seq{from.value - 1}, .head = head};
  std::size_t bytes = 0;
  std::size_t blocks = 0;
  while (gap.upto < gap.head && blocks < limits::kGapBlocksMax && bytes < limits::kGapBytesMax) {
    SPINE_TRY(const journal::BlockView block, reader_.block_of(next(gap.upto)));
    ++blocks;
    const auto skip = static_cast<std::uint32_t>(gap.upto.value + 1 - block.first().value);
    for (std::uint32_t i = skip; i < block.count() && gap.upto < gap.head; ++i) {
      const EventView event = block.event(i);
      if (bytes > limits::kGapBytesMax) break;
      gap.upto = event.seq;
      if (!core::kind_of(event.header.kind).resumes()) continue;
      if (!event_is_readable(event)) return unreadable_event(event);
      bytes += event.body.size() + limits::kKiB;
      SPINE_TRY_STATUS(add(event, gap));
    }
  }
  return gap;
}

}  // namespace spine::pipeline
