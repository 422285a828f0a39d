// Follower: folds the durable journal a second time and serves what needs reading it.
#pragma once

#include <atomic>
#include <concurrentqueue/concurrentqueue.h>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "engine/core/model/state.h"
#include "engine/core/questions/journal_answers.h"
#include "engine/pipeline/follower/follower_index.h"
#include "engine/pipeline/follower/media_survey.h"
#include "engine/pipeline/items/journal_page.h"
#include "engine/pipeline/items/messages.h"
#include "engine/pipeline/journal_check.h"
#include "engine/pipeline/queues/outbox.h"
#include "engine/pipeline/queues/shared.h"
#include "engine/pipeline/queues/wakeup.h"
#include "journal/journal.h"
#include "journal/snapshots.h"
#include "schemas/vocab/limits.h"
#include "schemas/vocab/result.h"

namespace spine::pipeline {

// Something the engine thread wants read from the journal.
struct ReadRequest {
  enum class Kind : std::uint8_t { answer, prompt, deliver, work, gap, journal };
  Kind kind{};
  ConnectionRef connection{};
  std::uint64_t request{};
  Seq as_of{};               // answer no earlier than this has been folded
  core::JournalRead read{};  // answer: of a question
  Seq from{};                // gap: the first event that is wanted
  JournalAsk journal{};      // journal
  RunId run{};               // prompt, work
  EffectId effect{};         // prompt, deliver, work
  DeliveryId delivery{};     // deliver
};

// Own thread, low priority. Its fold checks the writer's: at each StateDigested event its digest
// must be the same; a difference is logged, counted, and shown by /ready.
class Follower {
 public:
  struct Options {
    std::filesystem::path state_dir{};
    Bits128 epoch{};
    Bits128 boot{};
    Seq journal_last{};
    std::uint64_t snapshot_every{limits::kSnapshotEveryEvents};
  };
  // `net` and `loop` are this thread's producers of the two outboxes.
  Follower(Shared& shared, OutboxProducer& net, OutboxProducer& loop);
  ~Follower();
  Follower(const Follower&) = delete;
  Follower& operator=(const Follower&) = delete;

  // Opens index and snapshots. Thread: main.
  Status open(const Options& options, journal::Reader reader);
  void start(std::function<void(const Error&)> fatal);

  enum class Hurry : bool { no, yes };  // yes: a request was asked that somebody waits for
  // Thread: engine. What is durable now; wakes the follower if it sleeps.
  void advance(Seq durable, Hurry hurry);
  void ask(const ReadRequest& request);
  // Thread: engine, last call: catch up to the durable seq, write a snapshot, close the index.
  void finish();
  void join();

 private:
  void run();
  void sleep();
  Status index_up_to(Seq last);
  Status catch_up();
  Status fold_block(const journal::BlockView& block);
  void check_digest(const EventView& event);
  void write_snapshot();
  Status answer_requests();
  Status answer(const ReadRequest& request);

  Shared& shared_;
  OutboxProducer& net_;
  OutboxProducer& loop_;
  std::optional<journal::Reader> reader_{};
  std::optional<journal::SnapshotStore> snapshots_{};
  std::optional<FollowerIndex> index_{};
  JournalCheck check_;
  MediaSurvey media_;
  core::State state_{};
  Bits128 epoch_{};
  std::uint64_t snapshot_every_{};
  Seq snapshot_{};
  Seq snapshot_tried_{};  // of the last attempt, successful or not
  std::vector<ReadRequest> waiting_{};
  std::string prompt_{};  // the text of one prompt

  moodycamel::ConcurrentQueue<ReadRequest> requests_{};
  std::atomic<std::uint64_t> durable_{0};
  std::atomic<bool> finishing_{false};
  std::atomic<bool> gathering_{false};  // sleeping although there is something to fold
  Wakeup wakeup_{};
  std::function<void(const Error&)> fatal_{};
  std::thread thread_{};
};

}  // namespace spine::pipeline
