// Sample: a month of an assistant's life as a journal, with a planted fault to be found.
#pragma once

#include <cstdint>
#include <filesystem>
#include <flatbuffers/flatbuffers.h>
#include <memory>
#include <string>

#include "bench/support/bodies.h"
#include "engine/core/model/decide.h"
#include "engine/core/model/state.h"
#include "journal/journal.h"
#include "journal/snapshots.h"
#include "schemas/vocab/ids.h"
#include "schemas/vocab/record.h"
#include "schemas/vocab/result.h"

#include "event_generated.h"

namespace spine::bench {

// Journal and core are those of the daemon: every input is decided, appended, committed and folded,
// without threads and without the network. The same options give the same events. Thread: one.
//
// People write to the agent on Telegram, where an allow list says who may, and on Discord. An agent
// answers each message, most with a tool. The fault: at 61 per cent of the journal somebody edits
// the allow list and drops alice; since then nobody answers her.
class Sample {
 public:
  struct Options {
    std::filesystem::path state_dir{};
    std::uint64_t events{10'000'000};
    std::uint64_t snapshot_every{1'000'000};  // events
  };
  // What was planted.
  struct Planted {
    Seq edit{};             // the ConfigApplied without alice
    std::string unheard{};  // external id of her first message after it
  };

  explicit Sample(Options options) : options_(std::move(options)) {}
  // Errc::refused when there is a journal already.
  Status write();

  Seq last() const { return journal_->last(); }
  const Planted& planted() const { return planted_; }

 private:
  template <class Create>
  Seq input(Source source, Create create);
  void begin_life();
  void apply_policy(bool with_alice);
  void one_message();
  void answer(RunId run);
  Status commit_if_full();
  Status commit();
  Status take_snapshot();
  Status write_index();

  Options options_;
  Planted planted_{};
  std::unique_ptr<journal::Journal> journal_{};
  journal::Batch batch_{};
  core::State state_{};
  core::Decision decision_{};
  flatbuffers::FlatBufferBuilder builder_{1024};
  AlignedBody body_{};
  Instant now_{.wall_ms = 1'790'000'000'000, .logical_ms = 1};
  std::uint64_t number_{};  // of the message
  Seq snapshot_{};          // the last that was written
  bool edited_{};
};

}  // namespace spine::bench
