// Fuzzes predicates: no text may crash the parser, and what it takes has one answer on a state.

// links: spine_core

#include <cstdint>
#include <string_view>

#include "engine/core/model/state.h"
#include "engine/core/predicate/predicate.h"
#include "engine/core/predicate/state_facts.h"
#include "schemas/vocab/check.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace spine::core;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto predicate = Predicate::parse(text, state_vocabulary());
  if (!predicate) {
    SPINE_CHECK(predicate.error().message.starts_with("The predicate is not understood"));
    return 0;
  }
  const State state;
  const bool first = predicate->holds(StateFacts(state));
  SPINE_CHECK(predicate->text() == text && predicate->holds(StateFacts(state)) == first);
  return 0;
}
