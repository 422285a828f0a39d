// Message rules: what becomes of one MessageReceived, step by step.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "engine/core/commands.h"
#include "engine/core/drafter.h"
#include "engine/core/key_buffer.h"
#include "engine/core/pairing.h"

namespace spine::core {

// What an admin's message says to a request for pairing, or to what an agent asks.
struct PairingAnswer {
  bool given{};
  bool approved{};
  std::array<char, kPairingCodeBytes> code{};
  Seq request{};   // the live request of a sender with that code; 0 = none
  Seq approval{};  // the question of an agent with that code; 0 = none
};

// Whether an open run of the session answers words that are trusted.
bool has_trusted_work(const Tables& tables, std::uint32_t session_row);

// Everything found out about one message. Each step either goes on (true) or has answered (false).
class MessageRules {
 public:
  MessageRules(const Tables& tables, const Input& input, Decision& decision);
  MessageRules(const MessageRules&) = delete;
  MessageRules& operator=(const MessageRules&) = delete;

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
  void find_repeat(std::string_view key, bool& found);
  bool is_addressed() const;
  bool starts_afresh(fb::ResetReason& reason) const;
  std::string_view session_name() const;
  void open_session(const Why& why);
  void queue_run(const Why& why);
  void start_next(const Why& why, RunId queued);
  void answer_command(const Why& why);
  fb::Trust trust() const;
  fb::QueueMode queue_mode() const;
  bool reject(fb::RejectReason reason, Seq original = Seq{});
  Seq record_rejection(fb::RejectReason reason, Seq original, PrincipalId who);

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

}  // namespace spine::core
