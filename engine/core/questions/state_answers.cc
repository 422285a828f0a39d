// What each question is answered.
#include "engine/core/questions/state_answers.h"

#include <deque>
#include <string>

#include "engine/core/model/views.h"
#include "schemas/vocab/check.h"

namespace spine::core {
namespace {

constexpr std::uint64_t kByLabel = 1;
constexpr std::uint64_t kByUuid = 2;
// Two are enough to show that the text is ambiguous.
constexpr std::size_t kFoundMax = 2;

}  // namespace

std::optional<ItemKind> StateAnswers::kind_of_answer(std::uint16_t question) {
  switch (question) {
    case question_kind::kQuerySessions:
    case question_kind::kQuerySession:
    case question_kind::kQueryFindSession:
    case question_kind::kResolveKeys:
      return ItemKind::sessions;
    case question_kind::kQueryHistory:
    case question_kind::kQueryMessages:
      return ItemKind::history;
    case question_kind::kQueryRun:
      return ItemKind::run;
    case question_kind::kQueryRuns:
      return ItemKind::runs;
    case question_kind::kQueryDigest:
      return ItemKind::digest;
    case question_kind::kQueryDevice:
    case question_kind::kQueryDevices:
      return ItemKind::devices;
    case question_kind::kQueryPairing:
      return ItemKind::pairing;
    case question_kind::kQueryApprovals:
      return ItemKind::approvals;
    case question_kind::kQueryCounts:
      return ItemKind::counts;
    case question_kind::kQueryChannels:
      return ItemKind::channels;
    case question_kind::kQueryDeliveries:
    case question_kind::kQueryDelivery:
      return ItemKind::deliveries;
    case question_kind::kQuerySend:
      return ItemKind::send;
    case question_kind::kResolveKey:
    case question_kind::kResolveConversation:
      return ItemKind::reply;
    default:
      return {};
  }
}

std::optional<JournalRead> StateAnswers::answer(const Question& question, Instant now,
                                                AnswerSink& sink) {
  switch (question.kind) {
    case question_kind::kQuerySessions:
      answer_sessions(question, sink);
      return {};
    case question_kind::kQuerySession:
      answer_session(question.text, sink);
      return {};
    case question_kind::kResolveKey:
      resolve_key(question.text, sink);
      return {};
    case question_kind::kResolveKeys:
      resolve_keys(question.text, sink);
      return {};
    case question_kind::kResolveConversation:
      resolve_conversation(question, sink);
      return {};
    case question_kind::kQueryFindSession:
      find_sessions(question, sink);
      return {};
    case question_kind::kQueryRuns:
      return JournalRead{
          .kind = JournalRead::Kind::runs, .limit = question.a, .ended = question.b == 1};
    case question_kind::kQueryHistory:
    case question_kind::kQueryMessages:
      return answer_history(question, sink);
    case question_kind::kQueryRun:
      return answer_run(question.text, sink);
    case question_kind::kQueryDevice:
    case question_kind::kQueryDevices:
      answer_devices(question, sink);
      return {};
    case question_kind::kQueryPairing: {
      PairingItem item{};
      list_pairing(state_, now.logical_ms, item.requests);
      sink.emit(item);
      return {};
    }
    case question_kind::kQueryApprovals: {
      ApprovalsItem item{};
      list_approvals(state_, item.approvals);
      sink.emit(item);
      return {};
    }
    case question_kind::kQueryCounts:
      sink.emit(counts(now));
      return {};
    case question_kind::kQueryChannels: {
      ChannelsItem item{};
      list_channel_loads(state_, item.channels);
      sink.emit(item);
      return {};
    }
    case question_kind::kQueryDeliveries:
    case question_kind::kQueryDelivery:
      return answer_deliveries(question);
    case question_kind::kQuerySend:
      return answer_send(DeliveryId{question.a}, sink);
    case question_kind::kQueryDigest:
      // The whole state is walked for it: once per state, however many ask.
      if (digest_.seq != state_.applied()) digest_ = digest(state_);
      sink.emit(DigestItem{digest_});
      return {};
    default:
      SPINE_CHECK(false && "a question of a kind nobody answers");
  }
}

CountsItem StateAnswers::counts(Instant now) const {
  const EngineMemory engine = view_engine(state_);
  CountsItem item{.applied = state_.applied(),
                  .counts = count_state(state_),
                  .started = engine.started,
                  .stopped = engine.stopped};
  std::vector<PairingView> requests;
  list_pairing(state_, now.logical_ms, requests);
  item.pairing_requests = requests.size();
  std::vector<ApprovalView> approvals;
  list_approvals(state_, approvals);
  item.approvals = approvals.size();
  list_quarantined(state_, item.quarantined);
  return item;
}

std::optional<JournalRead> StateAnswers::answer_deliveries(const Question& question) {
  JournalRead read{.kind = JournalRead::Kind::deliveries};
  if (question.kind == question_kind::kQueryDelivery) {
    DeliveryView view{};
    read.kind = JournalRead::Kind::delivery;
    read.total = view_delivery(state_, DeliveryId{question.a}, view) ? 1 : 0;
    if (read.total != 0) read.deliveries.push_back(view.id);
    return read;
  }
  read.total =
      list_dead_letters(state_, static_cast<std::size_t>(question.a),
                        static_cast<std::size_t>(question.b), read.deliveries, question.text);
  return read;
}

std::optional<JournalRead> StateAnswers::answer_send(DeliveryId delivery, AnswerSink& sink) {
  SendRow send{};
  const SendItem item{.found = view_send(state_, delivery, send)};
  if (send.ended) return JournalRead{.kind = JournalRead::Kind::send_end, .before = send.ended};
  sink.emit(item);
  return {};
}

void StateAnswers::answer_devices(const Question& question, AnswerSink& sink) {
  DevicesItem item{};
  DeviceView view{};
  if (question.kind == question_kind::kQueryDevices) {
    item.total = list_devices(state_, static_cast<std::size_t>(question.a),
                              static_cast<std::size_t>(question.b), item.devices);
  } else if (view_device(state_, question.text, view)) {
    item.devices.push_back(view);
    item.total = 1;
  }
  sink.emit(item);
}

void StateAnswers::find_sessions(const Question& question, AnswerSink& sink) {
  std::vector<SessionId> ids;
  if (question.a == kByUuid) find_session_uuid(state_, question.text, kFoundMax, ids);
  const SessionId labelled =
      question.a == kByLabel ? find_session_label(state_, question.text) : SessionId{};
  if (labelled) ids.push_back(labelled);
  SessionsItem item{};
  for (const SessionId id : ids)
    view_session(state_, id, item.sessions.emplace_back());
  item.total = item.sessions.size();
  sink.emit(item);
}

void StateAnswers::answer_sessions(const Question& question, AnswerSink& sink) {
  session_ids_.clear();
  sessions_item_.sessions.clear();
  sessions_item_.as_of = state_.applied();
  sessions_item_.total = list_sessions(state_, question.text, static_cast<std::size_t>(question.a),
                                       static_cast<std::size_t>(question.b), session_ids_);
  for (const SessionId id : session_ids_) {
    view_session(state_, id, sessions_item_.sessions.emplace_back());
  }
  sink.emit(sessions_item_);
}

void StateAnswers::answer_session(std::string_view typed, AnswerSink& sink) {
  KeyBuffer key;
  SessionsItem item{.malformed = !find_typed_key(state_, typed, key)};
  SessionView view{};
  if (!item.malformed) item.key = key.view();
  if (view_session(state_, find_session(state_, item.key), view)) {
    item.sessions.push_back(view);
  }
  item.total = item.sessions.size();
  sink.emit(item);
}

std::optional<JournalRead> StateAnswers::answer_history(const Question& question,
                                                        AnswerSink& sink) {
  KeyBuffer key;
  HistoryItem missing{.malformed = !find_typed_key(state_, question.text, key)};
  if (!missing.malformed) missing.key = key.view();
  const SessionId session = find_session(state_, missing.key);
  if (!session) {
    sink.emit(missing);
    return {};
  }
  return JournalRead{.kind = JournalRead::Kind::history,
                     .session = session,
                     .limit = question.a,
                     .before = Seq{question.b},
                     .lines = question.kind == question_kind::kQueryMessages
                                  ? HistoryLines::messages
                                  : HistoryLines::messages_and_tools};
}

void StateAnswers::resolve_key(std::string_view typed, AnswerSink& sink) {
  KeyBuffer key;
  ReplyItem item{};
  if (find_typed_key(state_, typed, key)) {
    item.session_key = key.view();
    item.reply.session = find_session(state_, key.view());
    item.session_uuid = name_session(state_, item.reply.session).uuid;
  } else {
    item.reply.code = ReplyCode::malformed_key;
  }
  sink.emit(item);
}

void StateAnswers::resolve_keys(std::string_view list, AnswerSink& sink) {
  std::deque<std::string> keys;  // the views below borrow from them
  SessionsItem item{};
  KeyList::for_each(list, [&](std::string_view typed) {
    KeyBuffer key;
    item.malformed = item.malformed || !find_typed_key(state_, typed, key);
    SessionView& view = item.sessions.emplace_back();
    if (view_session(state_, find_session(state_, key.view()), view)) return;
    view.key = keys.emplace_back(key.view());
  });
  if (item.malformed) item.sessions.clear();
  item.total = item.sessions.size();
  sink.emit(item);
}

void StateAnswers::resolve_conversation(const Question& question, AnswerSink& sink) {
  std::vector<std::string_view> names;
  KeyList::for_each(question.text, [&](std::string_view name) { names.push_back(name); });
  names.resize(4);
  KeyBuffer key;
  find_conversation_key(state_,
                        {.channel = names[0],
                         .account = names[1],
                         .conversation = static_cast<fb::ConversationKind>(question.a),
                         .id = names[2],
                         .thread = names[3]},
                        key);
  ReplyItem item{};
  item.session_key = key.view();
  item.reply.session = find_session(state_, key.view());
  item.session_uuid = name_session(state_, item.reply.session).uuid;
  sink.emit(item);
}

std::optional<JournalRead> StateAnswers::answer_run(std::string_view run_key, AnswerSink& sink) {
  RunItem item{};
  const RunId id = find_run(state_, run_key);
  item.found = id && view_run(state_, id, item.run);
  if (item.found && item.run.ended) {
    return JournalRead{.kind = JournalRead::Kind::run_end, .run = id};
  }
  SessionView session{};
  if (item.found && view_session(state_, item.run.session, session)) {
    item.session_key = session.key;
  }
  sink.emit(item);
  return {};
}

}  // namespace spine::core
