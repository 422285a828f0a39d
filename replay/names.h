// Names: finds what the ids of principals and sessions are called, from the events that made them.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "journal/journal.h"
#include "schemas/vocab/ids.h"

namespace spine::replay {

struct PrincipalName {
  std::string kind{};  // "operator_token", "sender", "device"; empty = not found
  std::string key{};
  std::string name{};
};

// An id is the seq of the event that made it, so a name is one look into the journal away.
// Thread: one. The reader outlives it; names of events that renew() brought are found after it.
class Names {
 public:
  explicit Names(journal::Reader& reader) : reader_(reader) {}

  const PrincipalName& principal(PrincipalId id);
  // The session's key; empty when it is not found.
  const std::string& session(SessionId id);

 private:
  static constexpr std::size_t kCachedMax = 100'000;
  bool event(Seq seq, std::uint16_t kind, EventView& out);
  journal::Reader& reader_;
  std::map<std::uint64_t, PrincipalName> principals_{};
  std::map<std::uint64_t, std::string> sessions_{};
};

}  // namespace spine::replay
