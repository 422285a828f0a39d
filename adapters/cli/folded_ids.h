// FoldedIds: what the journal holds from the time when the case of ids did not count.
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

// Ids that one session or one approval stood for, as the platform wrote them.
struct FoldedGroup {
  std::string name{};              // the session's key; "<sender> on <channel> <account>"
  std::vector<std::string> ids{};  // two or more met in it, or one whose capitals were lost
};

// Senders by their folded id, as the platform wrote them.
using Spellings = std::map<std::string, std::set<std::string>>;

struct FoldedIds {
  // How the channel's sender was written that a configuration lists otherwise: it was let in by
  // that entry then, and is not any more. Empty when it was written so, or never wrote.
  std::vector<std::string> written_otherwise(const std::string& channel,
                                             const std::string& listed) const;

  std::vector<FoldedGroup> sessions{};         // that are still open
  std::vector<FoldedGroup> approvals{};        // and the other senders whom each let in
  std::map<std::string, Spellings> senders{};  // by channel, in lower case
  bool complete{true};                         // else the journal is longer than what was looked at
};

// Gathers them from events in order. Bounded: what would not fit is left out, and said so.
class FoldedIdsFinder {
 public:
  // What is not valid is left out.
  void see(const EventView& event);
  FoldedIds result() const;

 private:
  struct Approval {
    std::string name{};
    std::string place{};
    std::string sender{};
  };
  // Ids of a session that are one when they are folded.
  struct Met {
    std::string id{};               // folded; a part of the session's key where it names one
    std::set<std::string> shown{};  // with account and thread
  };
  void see_message(std::uint64_t session, const fb::MessageReceived& message);
  void see_request(std::uint64_t seq, const fb::ChannelPairingRequested& body);
  void see_answer(const fb::ChannelPairingResolved& body);
  bool has_room();

  std::map<std::uint64_t, std::string> keys_{};  // by session
  // By session; of each, by what is shown of an id, folded.
  std::map<std::uint64_t, std::map<std::string, Met>> sessions_{};
  Spellings senders_{};  // by folded place
  std::map<std::string, Spellings> by_channel_{};
  std::size_t people_{};                          // of all channels
  std::map<std::uint64_t, Approval> requests_{};  // by seq
  std::vector<Approval> approvals_{};
  bool complete_{true};
};

// The journal's events, up to a bound.
Result<FoldedIds> find_folded_ids(journal::Reader& reader);

}  // namespace spine::cli
