// Drafter: writes the events of one decision, each with its reasons.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "engine/core/model/decide.h"
#include "engine/core/model/tables.h"
#include "schemas/fields.h"

namespace spine::core {

// Why an event happens, and to whom: the part of its header that is not the same for all events of
// a decision.
struct Why {
  std::uint64_t cause{};        // Seq; 0 = the event itself
  std::uint64_t correlation{};  // Seq; 0 = the event itself
  std::uint64_t principal{};
  std::uint64_t session{};
};

// What a SessionOpened says.
struct SessionDraft {
  std::string_view key{};
  std::string_view agent{};
  Bits128 uuid{};
  fb::ConversationKind conversation{};
  std::string_view channel{};
  std::string_view name{};
  std::string_view label{};
  SessionId forked_from{};  // and the two below: 0 = it is no fork
  Seq forked_at{};
  std::uint64_t message_count{};
};

// What an ApprovalResolved says.
struct ApprovalAnswer {
  Seq request{};
  fb::ApprovalDecision decision{};
  fb::DecidedVia via{};
  std::string_view rule{};
};

// More than this many runs are aborted by several events.
inline constexpr std::size_t kRunsPerAbort = 63;

// What an id derived from an input's entropy is for: together with the seq of an event it keeps
// such ids distinct. Numbers are never reused for another purpose.
enum class IdPurpose : std::uint64_t {
  session = 1,
  run = 2,
  reset = 3,
  pairing_code = 4,
  approval = 5,
  approval_code = 6,
};
constexpr std::uint64_t purpose_of(Seq seq, IdPurpose purpose) {
  return seq.value << 8 | static_cast<std::uint64_t>(purpose);
}

class Drafter {
 public:
  Drafter(const Tables& tables, const Input& input, Decision& decision)
      : tables_(tables), input_(input), decision_(decision) {}

  // The seq that the next event gets.
  Seq next_seq() const { return Seq{tables_.meta.applied.value + 1 + decision_.count()}; }

  // The input itself, as the first event; or, for inputs that are kept otherwise than they came,
  // another body.
  Seq add_input(const Why& why) { return add(input_.kind, record_flag::kInput, why, input_.body); }
  template <class Table>
  Seq add_input(const Why& why, flatbuffers::Offset<Table> body) {
    return add(kNumberOf<Table>, record_flag::kInput, why, keep(body));
  }
  // The input, as a fact of a run that is being worked on. nullptr, and a reply that says so: there
  // is no such run, or the fact is not within its bounds.
  const Run* add_run_input(RunId run, bool within_bounds = true);

  // An event that follows: add(why, fb::Create<Kind>(builder(), ...)). The builder is empty, and
  // texts are put into it before the rest.
  BodyBuilder& builder() { return decision_.builder(); }
  template <class Table>
  Seq add(const Why& why, flatbuffers::Offset<Table> body) {
    return add(kNumberOf<Table>, 0, why, keep(body));
  }

  // The first attempt of a run that waits in the state, with all messages of its burst. One of
  // queue mode collect takes with it what else of that mode waits for the session, is due and is
  // not in `gone` (ascending): those runs end with this.
  void start_run(std::uint32_t run_row, std::uint64_t now_ms,
                 const std::vector<std::uint64_t>& gone);
  // The first attempt of a run that the same decision queued; of a retry, `previous` is the last
  // RunStarted of the run before, whose messages these are.
  void add_run_started(const Why& why, RunId run, Seq previous = Seq{});
  // `runs` ascending, at most kRunsPerAbort.
  void add_runs_merged(const Why& why, const std::vector<std::uint64_t>& runs, RunId into);
  // `runs` ascending; in as many events as it takes. What their agents asked is withdrawn.
  void add_runs_aborted(const Why& why, const std::vector<std::uint64_t>& runs,
                        fb::AbortReason reason);
  // Why something happens to a question of an agent.
  Why why_of_question(const Approval& approval, Seq cause) const;
  // A session of 0 in `why` stands for that of the question.
  void add_approval_resolved(const ApprovalAnswer& answer, Why why);
  // Withdraws the open questions of this run's agent.
  void add_withdrawals(std::uint64_t cause, std::uint64_t run);
  flatbuffers::Offset<fb::SessionOpened> session_body(const SessionDraft& session);
  flatbuffers::Offset<fb::RunAborted> abort_body(const std::uint64_t* runs, std::size_t count,
                                                 fb::AbortReason reason);

 private:
  template <class Table>
  static constexpr std::uint16_t kNumberOf = kind_number(fb::EventBodyTraits<Table>::enum_value);

  Seq add(std::uint16_t kind, std::uint16_t flags, const Why& why, ByteSpan body);
  template <class Table>
  ByteSpan keep(flatbuffers::Offset<Table> body) {
    return decision_.finish(body.Union());
  }
  // Runs of queue mode collect that start together with this one; ascending.
  std::vector<std::uint64_t> collect(std::uint32_t run_row, std::uint64_t now_ms,
                                     const std::vector<std::uint64_t>& gone) const;

  const Tables& tables_;
  const Input& input_;
  Decision& decision_;
};

// Writes the message, whole, into the builder and returns where. The builder may hold other things.
flatbuffers::Offset<fb::MessageReceived> copy_message(BodyBuilder& builder,
                                                      const fb::MessageReceived& message);

// The same of an address. null = none.
flatbuffers::Offset<fb::Address> copy_address(BodyBuilder& builder, const fb::Address* address);

// What an input of a kind leads to: see decide(). Which rule is whose: engine/core/model/kinds.cc.
using Rule = void(const Tables& tables, const Input& input, Decision& decision);

// Recorded as it is; where it has bounds, when it is within them.
Rule decide_recorded, decide_zone_rules, decide_connects_refused, decide_config_changed;
void decide_within(bool bounds, const Tables& tables, const Input& input, Decision& decision);
// Whether none of the texts is longer.
template <class... Texts>
bool fit(std::size_t bytes_max, const Texts*... texts) {
  return ((text_of(texts).size() <= bytes_max) && ...);
}

}  // namespace spine::core
