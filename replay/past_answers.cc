// From a moment and a question to the item that answers it.
#include "replay/past_answers.h"

#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <fmt/format.h>
#include <memory>
#include <new>
#include <optional>
#include <span>
#include <unistd.h>
#include <vector>

#include "engine/core/questions/answer_sink.h"
#include "engine/core/questions/journal_answers.h"
#include "replay/moment.h"
#include "replay/scanned_events.h"
#include "schemas/vocab/limits.h"

namespace spine::replay {
namespace {

// Blocks folded or looked at before the memory is looked at again: 16 MiB of them at most.
constexpr std::uint64_t kBlocksPerLook = 256;

// An item's kind and bytes.
class MemorySink : public core::AnswerSink {
 public:
  core::ItemKind kind() const { return kind_; }
  ByteSpan bytes() const { return std::as_bytes(std::span(words_)); }

 private:
  std::byte* add(core::ItemKind kind, std::size_t bytes) override {
    kind_ = kind;
    words_.assign(align8(bytes) / sizeof(std::uint64_t), 0);
    return std::as_writable_bytes(std::span(words_)).data();
  }

  core::ItemKind kind_{};
  std::vector<std::uint64_t> words_{};
};

// What this process holds in memory, the journal's pages apart. 0 when /proc does not say.
std::size_t own_bytes() {
  std::size_t pages = 0;
  std::size_t resident = 0;
  std::size_t shared = 0;
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file{std::fopen("/proc/self/statm", "re"),
                                                             &std::fclose};
  if (!file || std::fscanf(file.get(), "%zu %zu %zu", &pages, &resident, &shared) != 3) return 0;
  return (resident - std::min(shared, resident)) * static_cast<std::size_t>(::getpagesize());
}

template <class Item>
std::string line_of_item(const Item& item) {
  MemorySink sink;
  sink.emit(item);
  return core::line_of(
      core::PastAnswer{.version = SPINE_VERSION, .kind = sink.kind(), .item = sink.bytes()});
}

}  // namespace

Result<PastAnswers> PastAnswers::open(const std::filesystem::path& state_dir,
                                      std::size_t bytes_max) {
  SPINE_TRY(Timeline timeline, Timeline::open(state_dir));
  timeline.reader().release();
  // Not by RLIMIT_DATA: that counts what tables reserve, of which a small state touches little.
  timeline.on_progress([bytes_max, blocks = std::uint64_t{0}](Seq) mutable {
    if (blocks++ % kBlocksPerLook == 0 && own_bytes() > bytes_max) throw std::bad_alloc{};
  });
  return PastAnswers(std::move(timeline));
}

std::string PastAnswers::failure(const Error& error) {
  const bool later = error.code == Errc::unavailable || error.code == Errc::timed_out;
  return line_of_item(
      core::PastFailureItem{.code = error.code, .message = error.message, .retryable = later});
}

std::string PastAnswers::answer(std::string_view line) {
  const std::optional<core::KeptBody> bytes = core::bytes_of_line(line);
  core::PastQuestion asked{};
  if (!bytes || !core::parse_question(bytes->view(), asked)) {
    return failure({Errc::invalid_argument, "What was sent is no question about the past."});
  }
  const Result<std::string> answered = answer(asked);
  timeline_.reader().release();  // nobody knows when the next question comes
  return answered ? *answered : failure(answered.error());
}

Result<std::string> PastAnswers::answer(const core::PastQuestion& asked) {
  SPINE_TRY(const Place place, find_place(asked.moment, timeline_));
  SPINE_TRY_STATUS(timeline_.state_at(place.seq, state_));
  MemorySink sink;
  ScannedEvents events{timeline_};
  core::StateAnswers answers{state_};
  const auto read = answers.answer(asked.question, state_.now(), sink);
  if (read) SPINE_TRY_STATUS(core::JournalAnswers(state_, events).answer(*read, sink));
  std::string line = line_of_item(core::PastItem{
      .seq = place.seq, .wall_ms = place.wall_ms, .kind = sink.kind(), .answer = sink.bytes()});
  if (line.size() < limits::kPastAnswerBytesMax) return line;
  return Error{Errc::refused,
               fmt::format("The answer would take {} bytes, and {} may be sent: ask for less, with "
                           "a smaller limit.",
                           line.size(), limits::kPastAnswerBytesMax)};
}

}  // namespace spine::replay
