// Input: what an adapter hands to the core, as the core sees it.
#pragma once

#include "schemas/vocab/bytes.h"
#include "schemas/vocab/ids.h"
#include "schemas/vocab/record.h"

namespace spine::core {

// A journalled input: the body is the event it will become, already verified (FlatBuffers table of
// `kind`, texts within limits.h). Borrowed for the call.
struct Input {
  std::uint16_t kind{};  // EventBody number; one of those input_kind() accepts
  Source source{};
  PrincipalId principal{};  // of the connection that handed it in; 0 = none
  // SessionReset, SessionClosed, SessionPatched: which. RunAborted with an empty list: whose open
  // runs. Else 0.
  SessionId session{};
  RunId run{};  // RunAborted with an empty list: this run of the session only, if it is set
  Instant now{};
  ByteSpan body{};
};

// Whether events of this kind can be the first event of an input.
bool input_kind(std::uint16_t kind);

}  // namespace spine::core
