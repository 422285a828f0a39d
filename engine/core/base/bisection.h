// Bisection: halving a range of seqs to the first bad one, as `git bisect` does with commits.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "schemas/vocab/ids.h"
#include "schemas/vocab/result.h"

namespace spine::core {

// What a test says of the state after an event. skip: it cannot tell.
enum class Verdict : std::uint8_t { good, bad, skip };

struct Mark {
  Seq seq{};
  Verdict verdict{};
};

// Assumes that it is bad ever after it has turned bad. Thread: one.
class Bisection {
 public:
  // Both verdicts are known. REQUIRES: good < bad.
  Bisection(Seq good, Seq bad) : good_(good), bad_(bad) {}

  // The last known good and the first known bad seq.
  Seq good() const { return good_; }
  Seq bad() const { return bad_; }
  // Whether bad() is the first bad one for certain.
  bool found() const { return spine::next(good_) == bad_; }
  // The seq to test next: the middle, or what is nearest to it and was not skipped. Nothing when it
  // is found, or when all that is left was skipped: the first bad one is then behind good(), and
  // bad() at the latest.
  std::optional<Seq> next() const;
  // What a test said. Marks outside of the range change nothing.
  void mark(Mark mark);

  // Seqs that are still to be told from each other after the next test, and how many tests that
  // takes, roughly.
  std::uint64_t left() const { return (bad_.value - good_.value - 1) / 2; }
  std::uint32_t steps() const;

 private:
  Seq good_;
  Seq bad_;
  std::set<Seq> skipped_{};
};

// "good", "bad", "skip".
std::string_view verdict_name(Verdict verdict);
// A mark as two lines of a log, the first of which is a comment; `what` says what stands there.
std::string log_lines(Mark mark, std::string_view what);
// The marks of such a log. Errc::invalid_argument names the line that is none.
Result<std::vector<Mark>> read_log(std::string_view text);

}  // namespace spine::core
