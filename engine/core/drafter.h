// Drafter: writes the events of one decision, each with its reasons.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "engine/core/decide.h"
#include "engine/core/tables.h"

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
};

// What a ChannelPairingRequested says.
struct PairingDraft {
  std::string_view channel{};
  std::string_view account{};
  std::string_view sender_id{};
  std::string_view sender_name{};
  std::string_view code{};
  std::uint64_t expires_ms{};
  std::int64_t expires_wall_ms{};
};

// What a PrincipalAdded says.
struct PrincipalDraft {
  fb::PrincipalKind kind{};
  std::string_view key{};
  std::string_view name{};
  bool charged{};
};

// What a RunQueued says.
struct RunDraft {
  std::string_view key{};
  std::string_view agent{};
  Seq message{};
  std::uint64_t not_before_ms{};
};

// More than this many runs are aborted by several events: each run is an effect, and effects are
// bounded per event.
inline constexpr std::size_t kRunsPerAbort = 63;

class Drafter {
 public:
  Drafter(const Tables& tables, const Input& input, Decision& decision)
      : tables_(tables), input_(input), decision_(decision) {}

  // The seq that the next event gets.
  Seq next_seq() const { return Seq{tables_.meta.applied.value + 1 + decision_.count()}; }

  // The input itself, as the first event. The second form records another body, for inputs that
  // are kept otherwise than they came.
  Seq add_input(const Why& why) { return add_input(why, input_.kind, input_.body); }
  Seq add_input(const Why& why, std::uint16_t kind, ByteSpan body);

  // Derived events.
  Seq add_principal(const Why& why, const PrincipalDraft& principal);
  Seq add_principal_expired(const Why& why, PrincipalId principal);
  Seq add_session(const Why& why, const SessionDraft& session);
  Seq add_session_reset(const Why& why, fb::ResetReason reason, Bits128 uuid);
  Seq add_session_closed(const Why& why, fb::CloseReason reason);
  Seq add_run(const Why& why, const RunDraft& run);
  // The first attempt of a run that is in the state.
  Seq add_run_started(std::uint32_t run_row);
  Seq add_run_started(const Why& why, RunId run);
  Seq add_pairing_request(const Why& why, const PairingDraft& request);
  Seq add_pairing_resolved(const Why& why, Seq request, bool approved, fb::ApprovedVia via);
  Seq add_code_answered(const Why& why, std::string_view code, bool approved);
  // `runs` ascending; in as many events as it takes.
  void add_runs_aborted(const Why& why, const std::vector<std::uint64_t>& runs,
                        fb::AbortReason reason);
  // Body of a SessionOpened; kept by the decision.
  ByteSpan session_body(const SessionDraft& session);
  // Body of a RunAborted over a part of `runs`; kept by the decision.
  ByteSpan abort_body(const std::uint64_t* runs, std::size_t count, fb::AbortReason reason);

 private:
  Seq add(fb::EventBody kind, std::uint16_t flags, const Why& why, ByteSpan body);
  ByteSpan finish(flatbuffers::FlatBufferBuilder& builder, flatbuffers::uoffset_t root);

  const Tables& tables_;
  const Input& input_;
  Decision& decision_;
};

// Open runs of a session, by id ascending.
std::vector<std::uint64_t> open_runs(const Tables& tables, std::uint32_t session_row);
// The first run that waits for the session, is due at now_ms and is not in `gone` (ascending);
// row, 0 = none.
std::uint32_t next_due_run(const Tables& tables, std::uint32_t session_row, std::uint64_t now_ms,
                           const std::vector<std::uint64_t>& gone);

// The rules, one per kind of input; see decide.h.
void decide_message(const Tables& tables, const Input& input, Decision& decision);
void decide_client(const Tables& tables, const Input& input, Decision& decision);
void decide_run_end(const Tables& tables, const Input& input, Decision& decision);
void decide_abort(const Tables& tables, const Input& input, Decision& decision);
void decide_session_reset(const Tables& tables, const Input& input, Decision& decision);
void decide_session_close(const Tables& tables, const Input& input, Decision& decision);
void decide_deadline(const Tables& tables, const Input& input, Decision& decision);
void decide_session_open(const Tables& tables, const Input& input, Decision& decision);
void decide_session_patch(const Tables& tables, const Input& input, Decision& decision);
void decide_device_pairing(const Tables& tables, const Input& input, Decision& decision);
// DeviceRenamed, DeviceTokenChanged, DeviceRemoved.
void decide_device_change(const Tables& tables, const Input& input, Decision& decision);
void decide_pairing_resolved(const Tables& tables, const Input& input, Decision& decision);
// ConnectsRefused, ConfigChanged, ConfigRefused: recorded when they are within their bounds.
void decide_fact(const Tables& tables, const Input& input, Decision& decision);

}  // namespace spine::core
