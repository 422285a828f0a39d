// Selection: which events a verb is about, by the options that all of them share.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "replay/timeline/event_text.h"
#include "replay/timeline/moment.h"
#include "replay/timeline/session_blocks.h"
#include "replay/timeline/timeline.h"
#include "schemas/vocab/ids.h"
#include "schemas/vocab/record.h"
#include "schemas/vocab/result.h"

namespace spine::replay {

// --from, --to, --kind, --session, --channel as they were typed.
struct SelectionOptions {
  std::string from{};                // a moment; empty = the first event
  std::string to{};                  // a moment, included; empty = the last event
  std::vector<std::string> kinds{};  // names; empty = all
  std::string session{};             // key or number; empty = all
  std::string channel{};             // name; empty = all
};

// Declares the options; the values are set when the action is called.
std::shared_ptr<SelectionOptions> selection_options(CLI::App& verb);

// Thread: one.
class Selection {
 public:
  // Finds the moments. Errc::invalid_argument for what no option can be: the kinds are listed.
  static Result<Selection> find(const SelectionOptions& options, Timeline& timeline);

  Seq from{};  // the first that may be wanted
  Seq upto{};  // the last; 0 = none

  // Where events of the session stand, for a walk over what is selected.
  SessionBlocks& where() { return where_; }

  // By the record's header where that is enough. `names` looks up sessions.
  bool wanted(const EventView& event, Names& names) const;

 private:
  explicit Selection(SessionBlocks where) : where_(std::move(where)) {}
  SessionBlocks where_;
  std::vector<std::uint16_t> kinds_{};
  std::string session_{};
  std::string channel_{};
};

}  // namespace spine::replay
