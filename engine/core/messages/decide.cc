// The decision on a message: the checks, in the order in which they refuse, then the events of a
// message that is accepted.
#include "engine/core/messages/decide.h"

#include <algorithm>
#include <optional>

#include "engine/core/base/rate.h"
#include "engine/core/deliveries/dispatcher.h"
#include "engine/core/messages/commands.h"
#include "engine/core/messages/gathering.h"
#include "engine/core/messages/mentions.h"
#include "engine/core/messages/missing_files.h"
#include "engine/core/messages/queueing.h"
#include "engine/core/messages/refusals.h"
#include "engine/core/messages/repeats.h"
#include "engine/core/pairing/notices.h"
#include "engine/core/pairing/owner_answer.h"
#include "engine/core/pairing/pairing.h"
#include "engine/core/runs/decide.h"
#include "engine/core/sessions/session_key.h"
#include "engine/core/sessions/timed_reset.h"

namespace spine::core {
namespace {

// Everything found out about one message. Each step either goes on (true) or has answered (false).
class MessageDecider {
 public:
  MessageDecider(const Tables& tables, const Input& input, Decision& decision);
  MessageDecider(const MessageDecider&) = delete;
  MessageDecider& operator=(const MessageDecider&) = delete;

  void run();

 private:
  bool is_new();       // not a duplicate, not a repeated request
  bool may_speak();    // the channel's policy lets the sender in
  bool has_agent();    // who answers, and in which session
  bool is_readable();  // there is something to be read in it
  bool within_rate();  // now, later, or not at all
  bool has_room();     // in every table it needs
  void accept();       // the events

  void find_fingerprint();
  void find_principal();
  void find_origin();
  bool is_repeated(std::string_view key);
  bool is_addressed() const;
  void find_burst(bool words);
  std::optional<fb::ResetReason> reset_reason() const;
  Bits128 new_id(Seq seq, IdPurpose purpose) const {
    return uuid_from(bits_of(message_.entropy()), purpose_of(seq, purpose));
  }
  std::string_view session_name() const;
  void open_session(const Why& why);
  void queue_run(const Why& why);
  void answer_command(const Why& why);
  DeliveryRoute route() const;
  void tell_sender(Seq message, std::string_view text, fb::DeliveryPurpose purpose, const Why& why);
  void tell_refusal(fb::RejectReason reason, Seq rejection, PrincipalId who);
  fb::Trust trust() const;
  fb::QueueMode queue_mode() const;
  bool refuse(ReplyCode code) {
    decision_.refuse(code);
    return false;
  }
  bool reject(fb::RejectReason reason, Seq original = Seq{});

  SenderPlace place() const;
  bool is_paired() const;
  bool may_reset() const;
  void request_pairing(Seq rejection, PrincipalId who);
  bool has_room_to_pair() const;
  void pass_answer_on(const Why& why);

  bool by_channel() const { return message_.via() == fb::MessageVia::channel; }

  const Tables& tables_;
  const Input& input_;
  Decision& decision_;
  Drafter drafter_;
  Dispatcher dispatcher_;
  Gathering gathering_;
  const fb::MessageReceived& message_;

  Bits128 fingerprint_{};  // of a message that has one
  Origin origin_{};        // views into lowered_ or the message; channel messages only
  KeyBuffer lowered_{};
  KeyBuffer principal_key_{};  // channel messages only
  KeyBuffer session_key_{};
  std::string_view agent_{};       // view into session_key_ or the policy
  std::uint32_t principal_row_{};  // 0 = not known
  std::uint32_t session_row_{};    // 0 = to be opened
  PrincipalId principal_{};        // known, or about to be
  SessionId session_{};
  std::uint64_t not_before_ms_{};  // of the run; 0 = at once
  bool runs_{};                    // the message starts a run
  bool manual_reset_{};
  const Command* command_{};  // that the message is; null = it is none
  OwnerAnswer answer_{};
};

MessageDecider::MessageDecider(const Tables& tables, const Input& input, Decision& decision)
    : tables_(tables),
      input_(input),
      decision_(decision),
      drafter_(tables, input, decision),
      dispatcher_(tables, input.now, drafter_),
      gathering_(tables, input.now),
      message_(root_of<fb::MessageReceived>(input.body)) {}

void MessageDecider::run() {
  if (by_channel()) {
    find_fingerprint();
    find_origin();
  }
  find_principal();
  if (is_new() && may_speak() && has_agent() && is_readable() && within_rate() && has_room())
    accept();
}

void MessageDecider::find_fingerprint() {
  if (!has_fingerprint(message_)) return;
  fingerprint_ = message_fingerprint(tables_.meta.fingerprint_key, message_);
  tables_.duplicates.prefetch(fingerprint_);
}

void MessageDecider::find_origin() {
  const auto lowered = [this](std::string_view text) {
    const std::size_t first = lowered_.view().size();
    return lowered_.add_lower(text).view().substr(first);
  };
  origin_.ids = id_case(message_.exact_ids());
  const auto id = [&](const flatbuffers::String* text) {
    return origin_.ids == IdCase::exact ? text_of(text) : lowered(text_of(text));
  };
  origin_.channel = lowered(text_of(message_.channel()));
  origin_.account = id(message_.account());
  origin_.sender = id(message_.sender_id());
  origin_.conversation = message_.conversation();
  const bool from_sender =
      origin_.conversation == fb::ConversationKind::direct && !origin_.sender.empty();
  origin_.peer = from_sender ? origin_.sender : id(message_.conversation_id());
  const Migrations& migrations = tables_.migrations;
  if (from_sender || migrations.count() == 0) return;
  origin_.peer = migrations.now(origin_.channel, origin_.account, origin_.peer);
  origin_.former = migrations.former(origin_.channel, origin_.account, origin_.peer);
}

void MessageDecider::find_principal() {
  if (!by_channel()) {
    principal_ = input_.principal;
    principal_row_ = tables_.principals.find(principal_);
    return;
  }
  put_sender_key(origin_.channel, origin_.account, text_of(message_.sender_id()), origin_.ids,
                 tables_.meta.fingerprint_key, principal_key_);
  principal_row_ = tables_.principals.find_key(fb::PrincipalKind::sender, principal_key_.view());
  if (principal_row_ != 0) principal_ = tables_.principals.id_of(principal_row_);
}

// Idempotency: a request whose key was used before is answered with the outcome of that one.
bool MessageDecider::is_repeated(std::string_view key) {
  if (key.empty() || !principal_) return false;
  IdempotentRequest request{};
  const Bits128 print = idempotency_fingerprint(tables_.meta.fingerprint_key, principal_, key);
  if (!tables_.idempotency.find(print, input_.now.logical_ms, request)) return false;
  const std::uint32_t run = tables_.runs.find(request.run);
  const bool open = run != 0 && tables_.runs.open(run);
  Reply& reply = decision_.reply;
  reply.code = open ? ReplyCode::in_flight : ReplyCode::done;
  reply.seq = request.message;
  reply.run = request.run;
  reply.principal = principal_;
  if (run != 0) reply.session = tables_.runs[run].session;
  return true;
}

bool MessageDecider::is_new() {
  if (has_fingerprint(message_)) {
    const Seq original = find_original(tables_, message_, fingerprint_);
    if (original) return reject(fb::RejectReason::duplicate, original);
  }
  return !is_repeated(text_of(message_.idempotency_key()));
}

bool MessageDecider::may_speak() {
  if (!by_channel()) {
    // The answer is to be delivered: then there is somebody who delivers.
    return message_.deliver() == nullptr || route().channel || refuse(ReplyCode::not_found);
  }
  const fb::RejectReason refusal = tables_.policy.refusal(origin_);
  if (refusal == fb::RejectReason::none) return true;
  return (refusal == fb::RejectReason::unpaired && is_paired()) || reject(refusal);
}

// A word in a message must not do what a method refuses: sessions.reset needs operator.admin, and a
// client with fewer scopes could reset any session, also another person's, by a chat.send of
// "/reset" to it. On a channel the word reaches the writer's own conversation only. (Before ids
// were exact the client's right to do so was not recorded.)
bool MessageDecider::may_reset() const {
  return by_channel() || message_.vouched() || !message_.exact_ids();
}

bool MessageDecider::has_agent() {
  const Policy& policy = tables_.policy;
  if (by_channel()) {
    agent_ = policy.agent_for(origin_);
    channel_session_key(policy, agent_, origin_, text_of(message_.thread()),
                        tables_.meta.fingerprint_key, session_key_);
  } else {
    if (!find_session_key(tables_, text_of(message_.agent_id()), text_of(message_.session_key()),
                          id_case(message_.exact_ids()), session_key_)) {
      return refuse(ReplyCode::malformed_key);
    }
    agent_ = agent_of_key(session_key_.view());
  }
  if (!policy.agent_known(agent_)) return reject(fb::RejectReason::unknown_agent);
  session_row_ = tables_.sessions.find_key(session_key_.view());
  if (by_channel()) answer_ = read_owner_answer(tables_, input_.now, origin_, message_);
  bool words = agent_ != kNoAgent && !message_.no_run() && !answer_.given;
  runs_ = words && is_addressed();
  // Only a person's message is a command, and an untrusted one must not end trusted runs.
  const bool spoken = message_.via() != fb::MessageVia::system && !message_.untrusted() &&
                      (trust() == fb::Trust::trusted || session_row_ == 0 ||
                       !has_trusted_work(tables_, session_row_));
  std::string_view rest;
  if (runs_ && spoken && policy.is_reset_trigger(text_of(message_.text()), rest)) {
    if (!may_reset()) {
      return refuse(ReplyCode::missing_scope);
    }
    manual_reset_ = session_row_ != 0;
    runs_ = !rest.empty();
    words = words && runs_;
  }
  // Commands are answered at once, not queued: they may be about the run that is being worked on.
  if (runs_ && message_.via() != fb::MessageVia::system && !message_.untrusted()) {
    command_ = find_command(text_of(message_.text()));
    runs_ = command_ == nullptr;
  }
  find_burst(words && command_ == nullptr && !manual_reset_);
  return true;
}

// Whatever a person says on a channel may be a part of what he says at once. Words that are steered
// into a run that is at work do not wait; files are not steered.
void MessageDecider::find_burst(bool words) {
  const SessionId session = tables_.sessions.id_of(session_row_);
  if (!words) return;
  if (!by_channel()) return gathering_.keep_behind(session);
  const bool album = message_.group() != nullptr;
  if (tables_.bursts.count() == 0 && tables_.policy.burst_ms(origin_.channel, album) == 0) return;
  const bool at_once = !album && message_.attachments() == nullptr && session_row_ != 0 &&
                       queue_mode() == fb::QueueMode::steer;
  gathering_.find({.message = message_,
                   .session_key = session_key_.view(),
                   .session = session,
                   .sender_key = principal_key_.view(),
                   .channel = origin_.channel,
                   .trust = trust(),
                   .at_once = at_once});
}

bool MessageDecider::is_readable() {
  if (message_.too_large() != 0) return reject(fb::RejectReason::too_large);
  return text_of(message_.unsupported()).empty() || reject(fb::RejectReason::unsupported);
}

// In a group with require_mention, messages without a mention are recorded and not answered. If the
// channel cannot tell, the text decides: it begins with a command, or holds "@<agent>".
bool MessageDecider::is_addressed() const {
  if (!by_channel() || !tables_.policy.requires_mention(origin_)) return true;
  if (message_.mention() != fb::Mention::unknown) {
    return message_.mention() == fb::Mention::mentioned;
  }
  return names_agent(text_of(message_.text()), agent_);
}

bool MessageDecider::within_rate() {
  if (principal_row_ == 0) return true;
  const PrincipalHot& principal = tables_.principals.hot(principal_row_);
  const std::uint64_t now_us = input_.now.logical_ms * kUsPerMs;
  const std::uint64_t allowed_us = tables_.policy.message_rate.allowed_at_us(principal.tat_us);
  if (allowed_us <= now_us) return true;
  if (!by_channel()) {
    decision_.reply.retry_after_ms = (allowed_us - now_us + kUsPerMs - 1) / kUsPerMs;
    decision_.reply.principal = principal_;
    return refuse(ReplyCode::rate_limited);
  }
  if (!runs_ || gathering_.run()) return true;
  if (principal.delayed >= limits::kDelayedRunsPerPrincipalMax) {
    return reject(fb::RejectReason::rate_limited);
  }
  not_before_ms_ = (allowed_us + kUsPerMs - 1) / kUsPerMs;
  return true;
}

bool MessageDecider::has_room() {
  if (by_channel() && principal_row_ == 0 && tables_.principals.full()) {
    return reject(fb::RejectReason::table_full);
  }
  if (session_row_ == 0 && tables_.sessions.full()) return reject(fb::RejectReason::table_full);
  if (!has_room_to_pair()) return reject(fb::RejectReason::table_full);
  if (gathering_.run()) return true;
  const bool answered = runs_ || command_ != nullptr;
  if (answered && route().channel && !Dispatcher::has_room(tables_)) {
    return reject(fb::RejectReason::table_full);
  }
  if (!runs_) return true;
  if (tables_.runs.full()) return reject(fb::RejectReason::table_full);
  const bool waits = session_row_ != 0 && !manual_reset_ &&
                     queue_mode() != fb::QueueMode::interrupt &&
                     tables_.sessions.hot(session_row_).waiting_count >= limits::kRunsPerSessionMax;
  return !waits || reject(fb::RejectReason::queue_full);
}

bool MessageDecider::reject(fb::RejectReason reason, Seq original) {
  Reply& reply = decision_.reply;
  const bool repeated = reason == fb::RejectReason::duplicate;
  decision_.refuse(repeated ? ReplyCode::duplicate : ReplyCode::rejected, reason);
  reply.seq = original;
  reply.principal = principal_;
  const std::uint64_t now_us = input_.now.logical_ms * kUsPerMs;
  // A rejection adds no principal: for an unknown sender the record names the bridge.
  const PrincipalId who = principal_row_ != 0 ? principal_ : input_.principal;
  Seq seq{};
  if (kRejectionRate.allowed_at_us(tables_.meta.rejection_tat_us) <= now_us) {
    BodyBuilder& builder = drafter_.builder();
    const auto copy = copy_message(builder, message_);
    seq = drafter_.add_input(Why{.principal = who.value},
                             fb::CreateMessageRejected(builder, reason, original.value, copy));
  }
  if (!original) reply.seq = seq;
  if (reason == fb::RejectReason::unpaired) request_pairing(seq, who);
  tell_refusal(reason, seq, who);
  return false;
}

// Why the message begins a new life of its session, if it does.
std::optional<fb::ResetReason> MessageDecider::reset_reason() const {
  // "/new" alone belongs to the life that it ends; "/new <text>" begins the next one.
  if (manual_reset_) return runs_ ? fb::ResetReason::message : fb::ResetReason::manual;
  // What is added to a turn belongs to the life in which that began.
  if (gathering_.joins()) return {};
  return timed_reset(tables_, session_row_, input_.now);
}

void MessageDecider::accept() {
  // Ids are seqs of events that follow: the message, then who sent it, then where it goes.
  const Seq seq = drafter_.next_seq();
  std::uint64_t following = seq.value + 1;
  const bool new_principal = by_channel() && principal_row_ == 0;
  if (new_principal) principal_ = PrincipalId{following++};
  session_ = session_row_ != 0 ? tables_.sessions.id_of(session_row_) : SessionId{following++};
  drafter_.add_input(Why{.principal = principal_.value, .session = session_.value});

  const Why why{.cause = seq.value,
                .correlation = seq.value,
                .principal = principal_.value,
                .session = session_.value};
  if (new_principal) {
    BodyBuilder& builder = drafter_.builder();
    const TextOffset key = builder.CreateString(principal_key_.view());
    const TextOffset name = builder.CreateString(text_of(message_.sender_name()));
    drafter_.add(why,
                 fb::CreatePrincipalAdded(builder, fb::PrincipalKind::sender, key, name, true));
  }
  if (session_row_ == 0) {
    open_session(why);
  } else if (const auto reason = reset_reason()) {
    const fb::Bits128 uuid = put_bits(new_id(seq, IdPurpose::reset));
    drafter_.add(why, fb::CreateSessionReset(drafter_.builder(), *reason, &uuid));
    if (manual_reset_) {
      drafter_.add_runs_aborted(why, open_runs(tables_, session_row_),
                                fb::AbortReason::session_reset);
    }
  }
  Reply& reply = decision_.reply;
  reply.seq = seq;
  reply.session = session_;
  reply.principal = principal_;
  tell_missing_files(tables_, message_, route(), dispatcher_, why);
  gathering_.draft(drafter_, why);
  if (gathering_.run()) {
    reply.run = gathering_.run();
  } else if (runs_) {
    queue_run(why);
  }
  answer_command(why);
  pass_answer_on(why);
}

void MessageDecider::answer_command(const Why& why) {
  if (command_ == nullptr) return;
  const std::string answer = command_->carry_out({.tables = tables_,
                                                  .drafter = drafter_,
                                                  .why = why,
                                                  .session_row = session_row_,
                                                  .session_key = session_key_.view(),
                                                  .agent = agent_,
                                                  .trust = trust(),
                                                  .now = input_.now});
  BodyBuilder& builder = drafter_.builder();
  const TextOffset name = builder.CreateString(command_->name);
  const Seq answered =
      drafter_.add(why, fb::CreateCommandAnswered(builder, name, builder.CreateString(answer)));
  Why told = why;
  told.cause = answered.value;
  dispatcher_.request({.route = route(),
                       .message = Seq{why.cause},
                       .body = answered,
                       .purpose = fb::DeliveryPurpose::command},
                      told);
}

// Where the answer to the message goes. A bridge delivers by itself, whatever account it names,
// unless it has said that it is pushed what is for that account.
DeliveryRoute MessageDecider::route() const {
  if (!by_channel() && message_.deliver() != nullptr) {
    return route_to(tables_, *message_.deliver());
  }
  if (!by_channel()) return {};
  const ChannelRow* channel = tables_.channels.find(origin_.channel, text_of(message_.account()));
  if (channel == nullptr || (message_.bridge() != 0 && !channel->served)) return {};
  return route_to(tables_, origin_.channel, message_);
}

// Conversations on channels are named after the person or the group. An operator's own has no name:
// that of the client program would say nothing.
std::string_view MessageDecider::session_name() const {
  if (!by_channel()) return {};
  const std::string_view id = text_of(message_.conversation_id());
  const bool direct = message_.conversation() == fb::ConversationKind::direct;
  return direct || id.empty() ? text_of(message_.sender_name()) : id;
}

void MessageDecider::open_session(const Why& why) {
  KeyBuffer channel;
  channel.add_lower(text_of(message_.channel()));
  drafter_.add(why, drafter_.session_body({.key = session_key_.view(),
                                           .agent = agent_,
                                           .uuid = new_id(Seq{why.cause}, IdPurpose::session),
                                           .conversation = message_.conversation(),
                                           .channel = channel.view(),
                                           .name = session_name()}));
}

// A message of a feed or of no person is untrusted, and so is a group's unless an admin wrote it.
fb::Trust MessageDecider::trust() const {
  if (message_.untrusted() || message_.via() == fb::MessageVia::system) return fb::Trust::untrusted;
  if (!by_channel() || origin_.conversation == fb::ConversationKind::direct) {
    return fb::Trust::trusted;
  }
  // A client that may write can name any sender, so it has to be vouched for: see
  // read_owner_answer.
  return message_.vouched() && tables_.policy.is_admin(origin_) ? fb::Trust::trusted
                                                                : fb::Trust::untrusted;
}

fb::QueueMode MessageDecider::queue_mode() const {
  const fb::QueueMode mode =
      queue_mode_of(tables_, {.message = message_,
                              .agent = agent_,
                              .session_row = session_row_,
                              .trust = trust(),
                              .delayed = not_before_ms_ > input_.now.logical_ms,
                              .route = route()});
  const bool gathers = gathering_.opens() || gathering_.joins();
  return gathers && mode == fb::QueueMode::steer ? fb::QueueMode::unset : mode;
}

void MessageDecider::queue_run(const Why& why) {
  const Seq seq{why.cause};
  const UuidText uuid = uuid_text(new_id(seq, IdPurpose::run));
  const std::string_view given = text_of(message_.idempotency_key());
  const fb::QueueMode mode = queue_mode();
  const bool interrupts = mode == fb::QueueMode::interrupt && session_row_ != 0 && !manual_reset_;
  if (interrupts) {
    drafter_.add_runs_aborted(why, open_runs(tables_, session_row_), fb::AbortReason::superseded);
  }
  const std::uint64_t not_before_ms = std::max(not_before_ms_, gathering_.not_before_ms());
  BodyBuilder& builder = drafter_.builder();
  const TextOffset key =
      builder.CreateString(given.empty() ? std::string_view{uuid.data(), uuid.size()} : given);
  const TextOffset agent = builder.CreateString(agent_);
  const DeliveryRoute to = route();
  const Seq queued = drafter_.add(
      why, fb::CreateRunQueued(builder, key, agent, gathering_.first(seq).value, not_before_ms,
                               trust(), mode, 0, to.channel.value, to.lane));
  const RunId run{queued.value};
  decision_.reply.run = run;
  const std::uint64_t now_ms = input_.now.logical_ms;
  // After an interruption or a reset nothing else of the session is left to be worked on.
  if (!interrupts && !manual_reset_ && session_row_ != 0) {
    if (tables_.sessions.hot(session_row_).running != 0) return;
    // A delayed run that is due goes before the run of this message.
    const std::uint32_t due = next_due_run(tables_, session_row_, now_ms, {});
    if (due != 0) return drafter_.start_run(due, now_ms, {});
  }
  if (not_before_ms > now_ms) return;
  Why start = why;
  start.cause = run.value;
  drafter_.add_run_started(start, run);
}

SenderPlace MessageDecider::place() const {
  return {origin_.channel, origin_.account, origin_.sender, origin_.ids};
}

// Whether a sender that is on no list is paired or an admin; counts in direct messages only.
bool MessageDecider::is_paired() const {
  if (origin_.conversation != fb::ConversationKind::direct || origin_.sender.empty()) return false;
  return tables_.paired_senders.has(place()) || tables_.policy.is_admin(origin_);
}

// The pairing request of a refused sender: the live one, or a new one if its message was recorded.
// So the rate limit of recorded rejections and the table's size bound what strangers can cause.
void MessageDecider::request_pairing(Seq rejection, PrincipalId who) {
  if (origin_.conversation != fb::ConversationKind::direct || origin_.sender.empty()) return;
  const std::uint64_t now_ms = input_.now.logical_ms;
  const PairingRequests& requests = tables_.pairing_requests;
  if (const PairingRequest* there = requests.find_sender(place(), now_ms); there != nullptr) {
    decision_.reply.pairing = there->request;
    return;
  }
  if (!rejection || !requests.has_room(place(), now_ms)) return;
  const std::uint64_t purpose = purpose_of(drafter_.next_seq(), IdPurpose::pairing_code);
  const auto free = free_code(tables_, bits_of(message_.entropy()), purpose, now_ms);
  if (!free) return;
  const Why why{.cause = rejection.value, .correlation = rejection.value, .principal = who.value};
  BodyBuilder& builder = drafter_.builder();
  const TextOffset channel = builder.CreateString(text_of(message_.channel()));
  const TextOffset account = builder.CreateString(text_of(message_.account()));
  const TextOffset sender_id = builder.CreateString(text_of(message_.sender_id()));
  const TextOffset sender_name = builder.CreateString(text_of(message_.sender_name()));
  const TextOffset code = builder.CreateString(view(*free));
  const std::string_view own = text_of(message_.conversation_id());
  const TextOffset conversation = put_text(builder, !route().channel ? std::string_view{}
                                                    : own.empty()    ? text_of(message_.sender_id())
                                                                     : own);
  decision_.reply.pairing = drafter_.add(
      why, fb::CreateChannelPairingRequested(
               builder, channel, account, sender_id, sender_name, code, now_ms + limits::kPairingMs,
               input_.now.wall_ms + static_cast<std::int64_t>(limits::kPairingMs),
               message_.exact_ids(), {}, {}, conversation));
  decision_.reply.pairing_new = true;
  Why told = why;
  told.cause = decision_.reply.pairing.value;
  const std::string minutes = std::to_string(limits::kPairingMs / kMsPerMinute);
  tell_sender(rejection,
              filled(tables_.policy.phrase(Phrase::pairing_request),
                     {{"code", view(*free)}, {"minutes", minutes}}),
              fb::DeliveryPurpose::pairing, told);
  Notices(tables_, dispatcher_)
      .pairing_asked({.channel = text_of(message_.channel()),
                      .account = text_of(message_.account()),
                      .sender_id = text_of(message_.sender_id()),
                      .sender_name = text_of(message_.sender_name()),
                      .code = view(*free)},
                     told);
}

// Whoever wrote the message is told something about it, where the gateway delivers.
void MessageDecider::tell_sender(Seq message, std::string_view text, fb::DeliveryPurpose purpose,
                                 const Why& why) {
  if (!Dispatcher::has_room(tables_)) return;
  dispatcher_.request({.route = route(), .message = message, .text = text, .purpose = purpose},
                      why);
}

// Somebody whom the policy lets in is told that a message was not taken.
void MessageDecider::tell_refusal(fb::RejectReason reason, Seq rejection, PrincipalId who) {
  const bool direct = origin_.conversation == fb::ConversationKind::direct;
  if (!rejection || !direct || !by_channel()) return;
  std::uint64_t wait_ms = 0;
  if (reason == fb::RejectReason::rate_limited) {
    const PrincipalHot& principal = tables_.principals.hot(principal_row_);
    const std::uint64_t allowed_us = tables_.policy.message_rate.allowed_at_us(principal.tat_us);
    wait_ms = allowed_us / kUsPerMs - input_.now.logical_ms;
  }
  const std::string text = refusal_text(tables_.policy, reason, wait_ms);
  if (text.empty()) return;
  tell_sender(rejection, text, fb::DeliveryPurpose::notice,
              {.cause = rejection.value, .correlation = rejection.value, .principal = who.value});
}

// Whether the table has room for the sender that the answer lets in.
bool MessageDecider::has_room_to_pair() const {
  if (!answer_.approved || !answer_.request) return true;
  const PairingRequest* request =
      tables_.pairing_requests.find(answer_.request, input_.now.logical_ms);
  return tables_.paired_senders.has_room(*request, tables_.policy.ids);
}

void MessageDecider::pass_answer_on(const Why& why) {
  if (!answer_.given) return;
  const Why reason{.cause = why.cause, .correlation = why.correlation, .principal = why.principal};
  const std::string outcome = pass_on(answer_, tables_, input_.now, drafter_, dispatcher_, reason);
  tell_sender(Seq{why.cause}, outcome, fb::DeliveryPurpose::notice, reason);
}

}  // namespace

void decide_message(const Tables& tables, const Input& input, Decision& decision) {
  MessageDecider(tables, input, decision).run();
}

}  // namespace spine::core
