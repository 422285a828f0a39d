// AnswerPool: answers questions about the past by processes, a bounded number at once.
#pragma once

#include <array>
#include <deque>
#include <filesystem>
#include <functional>
#include <memory>
#include <string_view>

#include "adapters/past/answer_process.h"
#include "engine/pipeline/queues/outbox.h"
#include "engine/pipeline/queues/shared.h"
#include "schemas/vocab/limits.h"
#include "schemas/vocab/result.h"

namespace spine::past {

// Each question gets one PastItem or PastFailureItem in the outbox, unless the gateway stops.
// Thread: loop (the main thread before the loop starts).
class AnswerPool {
 public:
  struct Options {
    // Where spine-replay is; asked for each start of a process.
    std::function<Result<std::filesystem::path>()> program{};
    std::filesystem::path state_dir{};
  };
  // `base` and `shared` outlive it; `net` is the loop thread's producer of the net thread's outbox.
  AnswerPool(event_base* base, Options options, pipeline::OutboxProducer& net,
             const pipeline::Shared& shared);

  // `line`: a core::PastQuestion.
  void ask(ConnectionRef to, std::uint64_t request, std::string_view line);
  // Ends the processes; nothing is answered any more.
  void stop();

 private:
  void assign();
  AnswerProcess* free_process();
  void deliver(const Asked& asked, const core::PastAnswer& answer);
  void refuse(const Asked& asked, const Error& error);
  // Whether nobody takes answers any more.
  bool closing() const;

  Options options_;
  pipeline::OutboxProducer& net_;
  const pipeline::Shared& shared_;
  std::array<std::unique_ptr<AnswerProcess>, limits::kPastChildrenMax> processes_{};
  std::deque<Asked> waiting_{};
  bool stopped_{};
};

}  // namespace spine::past
