// MediaSurvey: the blocks that were not read yet, then the answer.
#include "engine/pipeline/follower/media_survey.h"

#include <memory>
#include <utility>

#include "engine/log/log.h"
#include "schemas/event_verify.h"

namespace spine::pipeline {
namespace {

const log::Logger kMediaLog{"media"};

constexpr int kBlocksPerStep = 64;

}  // namespace

void MediaSurvey::work(journal::Reader& reader, const core::State& state) {
  if (!shared_.media_asked.load(std::memory_order_acquire)) return;
  auto report = std::make_unique<MediaReport>();
  const Status read = read_on(reader, state.applied());
  if (read && read_ < state.applied()) return;
  if (read && references_.complete()) {
    report->kept = references_.kept(state);
    report->known = true;
  } else if (!read) {
    kMediaLog.warn("no file is removed: which ones are referred to cannot be told: {}",
                   read.error().message);
  } else {
    kMediaLog.warn("no file is removed: the journal refers to more of them than are kept count of");
  }
  shared_.media_asked.store(false, std::memory_order_release);
  shared_.media.put(std::move(report));
}

Status MediaSurvey::read_on(journal::Reader& reader, Seq last) {
  for (int blocks = 0; read_ < last && blocks < kBlocksPerStep; ++blocks) {
    SPINE_TRY(const journal::BlockView block, reader.block_of(next(read_)));
    for (std::uint32_t i = 0; i < block.count(); ++i) {
      const EventView event = block.event(i);
      if (!event_is_readable(event)) return unreadable_event(event);
      if (event.seq > read_) references_.add(event);
    }
    read_ = block.last();
  }
  return ok();
}

}  // namespace spine::pipeline
