// The decision on a message: the checks, in the order in which they refuse, then the events of a
// message that is accepted.
#include "engine/core/messages/decide.h"

#include <algorithm>
#include <optional>

#include "engine/core/base/rate.h"
#include "engine/core/deliveries/dispatcher.h"
#include "engine/core/messages/commands.h"
#include "engine/core/messages/repeats.h"
#include "engine/core/pairing/pairing.h"
#include "engine/core/runs/decide.h"
#include "engine/core/sessions/session_key.h"

namespace spine::core {
namespace {

constexpr std::uint64_t kMinuteMs = 60'000;

bool is_name_letter(char c) {
  return is_letter_or_digit(c) || c == '_' || c == '-';
}

// Whether the words begin with a command ("/new"), or hold the agent's name as a mention.
bool names_agent(std::string_view text, std::string_view agent) {
  const std::size_t first = text.find_first_not_of(kBlanks);
  if (first == std::string_view::npos) return false;
  if (text[first] == '/' && first + 1 < text.size() && is_name_letter(text[first + 1])) return true;
  for (std::size_t at = text.find('@', first); at != std::string_view::npos;
       at = text.find('@', at + 1)) {
    // "me@main.example" is an address, and "@mainly" another name.
    if (at != 0 && is_name_letter(text[at - 1])) continue;
    const std::string_view rest = text.substr(at + 1);
    const bool whole = rest.size() == agent.size() ||
                       (rest.size() > agent.size() && !is_name_letter(rest[agent.size()]));
    if (whole && same_but_case(rest.substr(0, agent.size()), agent)) return true;
  }
  return false;
}

// Takes the first word off the text; empty = there is none.
std::string_view next_word(std::string_view& text) {
  text.remove_prefix(std::min(text.find_first_not_of(kBlanks), text.size()));
  const std::string_view word = text.substr(0, text.find_first_of(kBlanks));
  text.remove_prefix(word.size());
  return word;
}

char upper(char c) {
  return c >= 'a' && c <= 'z' ? static_cast<char>(c - ('a' - 'A')) : c;
}

// What an admin's message says to a request for pairing, or to what an agent asks.
struct PairingAnswer {
  bool given{};
  bool approved{};
  PairingCode code{};
  Seq request{};   // the live request of a sender with that code; 0 = none
  Seq approval{};  // the question of an agent with that code; 0 = none
};

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
  bool within_rate();  // now, later, or not at all
  bool has_room();     // in every table it needs
  void accept();       // the events

  void find_fingerprint();
  Seq find_original() const;
  void find_principal();
  void find_origin();
  bool is_repeated(std::string_view key);
  bool is_addressed() const;
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
  void find_answer();
  bool has_room_to_pair() const;
  void pass_answer_on(const Why& why);

  bool by_channel() const { return message_.via() == fb::MessageVia::channel; }

  const Tables& tables_;
  const Input& input_;
  Decision& decision_;
  Drafter drafter_;
  Dispatcher dispatcher_;
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
  PairingAnswer answer_{};
};

MessageDecider::MessageDecider(const Tables& tables, const Input& input, Decision& decision)
    : tables_(tables),
      input_(input),
      decision_(decision),
      drafter_(tables, input, decision),
      dispatcher_(tables, input.now, drafter_),
      message_(root_of<fb::MessageReceived>(input.body)) {}

void MessageDecider::run() {
  if (by_channel()) {
    find_fingerprint();
    find_origin();
  }
  find_principal();
  if (is_new() && may_speak() && has_agent() && within_rate() && has_room()) accept();
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
}

void MessageDecider::find_principal() {
  if (!by_channel()) {
    principal_ = input_.principal;
    principal_row_ = tables_.principals.find(principal_);
    return;
  }
  principal_key_.add_escaped(origin_.channel)
      .add(":")
      .add_id_escaped(origin_.account, origin_.ids)
      .add(":")
      .add(text_of(message_.sender_id()));
  principal_key_.fit(tables_.meta.fingerprint_key);
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

// The message that this one repeats; 0 = it is new.
Seq MessageDecider::find_original() const {
  const Seq original = tables_.duplicates.find(fingerprint_);
  if (original) return original;
  // Fingerprints from before ids were exact have the account folded: a message of that time that a
  // bridge repeats after the update is a duplicate as ever. A younger match is another account's.
  Bits128 folded{};
  if (!folded_fingerprint(tables_.meta.fingerprint_key, message_, folded)) return {};
  const Seq older = tables_.duplicates.find(folded);
  return older < tables_.meta.exact_since ? older : Seq{};
}

bool MessageDecider::is_new() {
  if (has_fingerprint(message_)) {
    const Seq original = find_original();
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
  find_answer();
  runs_ = agent_ != kNoAgent && !message_.no_run() && !answer_.given && is_addressed();
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
  }
  // Commands are answered at once, not queued: they may be about the run that is being worked on.
  if (runs_ && message_.via() != fb::MessageVia::system && !message_.untrusted()) {
    command_ = find_command(text_of(message_.text()));
    runs_ = command_ == nullptr;
  }
  return true;
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
  if (!runs_) return true;
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
  const SessionHot& hot = tables_.sessions.hot(session_row_);
  // No reset by time while a run is open.
  if (hot.running != 0 || hot.waiting_count != 0) return {};
  const SessionCold& cold = tables_.sessions.cold(session_row_);
  const Policy& policy = tables_.policy;
  const ResetRule& rule = is_thread_key(session_key_.view())                  ? policy.reset_thread
                          : cold.conversation == fb::ConversationKind::direct ? policy.reset_direct
                                                                              : policy.reset_group;
  // The offset that holds at the boundary counts, not today's: they differ after a change of
  // daylight saving.
  const Zone& local = tables_.meta.local;
  if (rule.daily && cold.started_wall_ms < local.last_hour_ms(input_.now.wall_ms, rule.at_hour)) {
    return fb::ResetReason::daily;
  }
  const std::uint64_t now_ms = input_.now.logical_ms;
  if (rule.idle_minutes != 0 && now_ms >= hot.active_ms &&
      now_ms - hot.active_ms >= rule.idle_minutes * kMinuteMs) {
    return fb::ResetReason::idle;
  }
  return {};
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
  if (runs_) queue_run(why);
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

// Where the answer to the message goes. A bridge delivers by itself, whatever account it names.
DeliveryRoute MessageDecider::route() const {
  if (!by_channel() && message_.deliver() != nullptr) {
    return route_to(tables_, *message_.deliver());
  }
  const bool own = by_channel() && message_.bridge() == 0;
  return own ? route_to(tables_, origin_.channel, message_) : DeliveryRoute{};
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
  // A client that may write can name any sender, so it has to be vouched for: see find_answer.
  return message_.vouched() && tables_.policy.is_admin(origin_) ? fb::Trust::trusted
                                                                : fb::Trust::untrusted;
}

// What happens to the message if the session is busy; unset = it waits its turn. Untrusted messages
// neither interrupt nor steer trusted runs; delayed ones wait.
fb::QueueMode MessageDecider::queue_mode() const {
  fb::QueueMode mode = message_.queue_mode();
  if (mode == fb::QueueMode::unset) {
    KeyBuffer channel;
    channel.add_lower(text_of(message_.channel()));
    mode = tables_.policy.queue_mode(agent_, channel.view());
  }
  if (mode == fb::QueueMode::collect) return mode;
  if (mode == fb::QueueMode::followup || not_before_ms_ > input_.now.logical_ms) {
    return fb::QueueMode::unset;
  }
  const bool trusted = trust() == fb::Trust::trusted;
  const std::uint32_t running = session_row_ == 0 ? 0 : tables_.sessions.hot(session_row_).running;
  if (mode == fb::QueueMode::steer) {
    const Run& at_work = tables_.runs[running];
    const bool above = running != 0 && at_work.trust == fb::Trust::trusted;
    // The answer of the run goes to one conversation.
    const DeliveryRoute to = route();
    const bool elsewhere = at_work.channel != to.channel || at_work.lane != to.lane;
    return running == 0 || elsewhere || (above && !trusted) ? fb::QueueMode::unset : mode;
  }
  // An interruption ends what waits, too.
  const bool above = session_row_ != 0 && has_trusted_work(tables_, session_row_);
  return above && !trusted ? fb::QueueMode::unset : mode;
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
  BodyBuilder& builder = drafter_.builder();
  const TextOffset key =
      builder.CreateString(given.empty() ? std::string_view{uuid.data(), uuid.size()} : given);
  const TextOffset agent = builder.CreateString(agent_);
  const DeliveryRoute to = route();
  const Seq queued =
      drafter_.add(why, fb::CreateRunQueued(builder, key, agent, seq.value, not_before_ms_, trust(),
                                            mode, 0, to.channel.value, to.lane));
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
  if (not_before_ms_ > now_ms) return;
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
  decision_.reply.pairing = drafter_.add(
      why, fb::CreateChannelPairingRequested(
               builder, channel, account, sender_id, sender_name, code, now_ms + limits::kPairingMs,
               input_.now.wall_ms + static_cast<std::int64_t>(limits::kPairingMs),
               message_.exact_ids()));
  decision_.reply.pairing_new = true;
  Why told = why;
  told.cause = decision_.reply.pairing.value;
  const std::string minutes = std::to_string(limits::kPairingMs / kMinuteMs);
  tell_sender(rejection,
              filled(tables_.policy.phrase(Phrase::pairing_request),
                     {{"code", view(*free)}, {"minutes", minutes}}),
              fb::DeliveryPurpose::pairing, told);
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
  std::string text;
  if (reason == fb::RejectReason::rate_limited) {
    const PrincipalHot& principal = tables_.principals.hot(principal_row_);
    const std::uint64_t allowed_us = tables_.policy.message_rate.allowed_at_us(principal.tat_us);
    const std::uint64_t wait_ms = allowed_us / kUsPerMs - input_.now.logical_ms;
    text = filled(tables_.policy.phrase(Phrase::rate_limited),
                  {{"seconds", std::to_string(wait_ms / 1'000 + 1)}});
  } else if (reason == fb::RejectReason::queue_full || reason == fb::RejectReason::table_full) {
    text = tables_.policy.phrase(Phrase::try_later);
  }
  if (text.empty()) return;
  tell_sender(rejection, text, fb::DeliveryPurpose::notice,
              {.cause = rejection.value, .correlation = rejection.value, .principal = who.value});
}

// An admin's "approve CODE", "reject CODE" or "deny CODE", in a direct message.
void MessageDecider::find_answer() {
  if (!by_channel() || origin_.conversation != fb::ConversationKind::direct) return;
  // A client that may write can name any sender: an admin's answer counts only if vouched for.
  if (!message_.vouched() || message_.untrusted()) return;
  std::string_view text = text_of(message_.text());
  std::string_view verb = next_word(text);
  const std::string_view code = next_word(text);
  if (verb.starts_with('/')) verb.remove_prefix(1);
  const bool approves = same_but_case(verb, "approve");
  if (!approves && !same_but_case(verb, "reject") && !same_but_case(verb, "deny")) return;
  if (code.size() != kPairingCodeBytes || !next_word(text).empty()) return;
  PairingAnswer answer{.given = true, .approved = approves};
  std::transform(code.begin(), code.end(), answer.code.begin(), upper);
  const bool known_letters = std::all_of(answer.code.begin(), answer.code.end(), [](char letter) {
    return kPairingAlphabet.find(letter) != std::string_view::npos;
  });
  if (!known_letters || !tables_.policy.is_admin(origin_)) return;
  const PairingRequest* request =
      tables_.pairing_requests.find_code(view(answer.code), input_.now.logical_ms);
  if (request != nullptr) answer.request = request->request;
  const Approval* approval = tables_.approvals.find_code(view(answer.code));
  if (approval != nullptr) answer.approval = approval->request;
  answer_ = answer;
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
  if (answer_.approval) {
    drafter_.add_approval_resolved(
        ApprovalAnswer{.request = answer_.approval,
                       .decision = answer_.approved ? fb::ApprovalDecision::allow_once
                                                    : fb::ApprovalDecision::deny,
                       .via = fb::DecidedVia::owner},
        reason);
  } else if (answer_.request) {
    drafter_.add(reason,
                 fb::CreateChannelPairingResolved(drafter_.builder(), answer_.request.value,
                                                  answer_.approved, fb::ApprovedVia::owner));
  } else {
    BodyBuilder& builder = drafter_.builder();
    const TextOffset code = builder.CreateString(view(answer_.code));
    drafter_.add(reason, fb::CreatePairingCodeAnswered(builder, code, answer_.approved));
  }
}

}  // namespace

void decide_message(const Tables& tables, const Input& input, Decision& decision) {
  MessageDecider(tables, input, decision).run();
}

}  // namespace spine::core
