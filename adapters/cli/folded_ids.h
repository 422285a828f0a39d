// FoldedIds: conflicts in the journal from older versions, which compared ids without case.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "journal/journal.h"
#include "schemas/vocab/record.h"
#include "schemas/vocab/result.h"

#include "event_generated.h"

namespace spine::cli {

// Ids that shared one session or one approval, in the spelling of the platform.
struct FoldedGroup {
  std::string name{};              // the session's key; "<sender> on <channel> <account>"
  std::vector<std::string> ids{};  // two or more, or one with capital letters
};

// Spellings of senders by their folded (lower-case) id.
using Spellings = std::map<std::string, std::set<std::string>>;

struct FoldedIds {
  // Spellings of a channel's sender that differ from the configured entry `listed`: the entry
  // admitted it then, and does not now. Empty if the spelling matches, or if it never wrote.
  std::vector<std::string> written_otherwise(const std::string& channel,
                                             const std::string& listed) const;

  std::vector<FoldedGroup> sessions{};         // that are still open
  std::vector<FoldedGroup> approvals{};        // with other senders that each admitted
  std::map<std::string, Spellings> senders{};  // by channel, in lower case
  bool complete{true};                         // false: a bound was reached
};

// Collects them from events in order. Bounded: beyond that `complete` is false in the result.
class FoldedIdsFinder {
 public:
  // Invalid events are ignored.
  void see(const EventView& event);
  FoldedIds result() const;

 private:
  struct Approval {
    std::string name{};
    std::string place{};
    std::string sender{};
  };
  // Spellings of one folded id within a session.
  struct Met {
    std::string id{};               // folded; part of the session's key if that names an id
    std::set<std::string> shown{};  // with account and thread
  };
  void see_message(std::uint64_t session, const fb::MessageReceived& message);
  void see_request(std::uint64_t seq, const fb::ChannelPairingRequested& body);
  void see_answer(const fb::ChannelPairingResolved& body);
  bool has_room();

  std::map<std::uint64_t, std::string> keys_{};  // by session
  // By session, then by the folded shown_id().
  std::map<std::uint64_t, std::map<std::string, Met>> sessions_{};
  Spellings senders_{};  // by folded place
  std::map<std::string, Spellings> by_channel_{};
  std::size_t people_{};                          // senders of all channels
  std::map<std::uint64_t, Approval> requests_{};  // by seq
  std::vector<Approval> approvals_{};
  bool complete_{true};
};

// The journal's events, up to a bound.
Result<FoldedIds> find_folded_ids(journal::Reader& reader);

}  // namespace spine::cli
