// Halving, and the log of it.
#include "engine/core/base/bisection.h"

#include <array>
#include <bit>
#include <charconv>

#include "schemas/vocab/ascii.h"

namespace spine::core {
namespace {

constexpr std::array kVerdicts{Verdict::good, Verdict::bad, Verdict::skip};

std::optional<Mark> read_mark(std::string_view line) {
  for (const Verdict verdict : kVerdicts) {
    std::string_view rest = line;
    if (take_part(rest, ' ') != verdict_name(verdict)) continue;
    std::uint64_t seq = 0;
    const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), seq);
    if (error != std::errc() || end != rest.data() + rest.size()) return {};
    return Mark{.seq = Seq{seq}, .verdict = verdict};
  }
  return {};
}

}  // namespace

std::optional<Seq> Bisection::next() const {
  const std::uint64_t middle = good_.value + (bad_.value - good_.value) / 2;
  for (std::uint64_t away = 0; away <= bad_.value - good_.value; ++away) {
    const Seq above{middle + away};
    const Seq below{middle - away};
    if (above < bad_ && above > good_ && !skipped_.contains(above)) return above;
    if (away <= middle && below > good_ && !skipped_.contains(below)) return below;
  }
  return {};
}

void Bisection::mark(Mark mark) {
  if (mark.seq <= good_ || mark.seq >= bad_) return;
  if (mark.verdict == Verdict::skip) {
    skipped_.insert(mark.seq);
  } else {
    (mark.verdict == Verdict::good ? good_ : bad_) = mark.seq;
  }
}

std::uint32_t Bisection::steps() const {
  return static_cast<std::uint32_t>(std::bit_width(left()));
}

std::string_view verdict_name(Verdict verdict) {
  constexpr std::array<std::string_view, 3> kNames{"good", "bad", "skip"};
  return kNames[static_cast<std::size_t>(verdict)];
}

std::string log_lines(Mark mark, std::string_view what) {
  const std::string verdict(verdict_name(mark.verdict));
  const std::string seq = std::to_string(mark.seq.value);
  return "# " + verdict + ": [#" + seq + "] " + std::string(what) + "\n" + verdict + " " + seq +
         "\n";
}

Result<std::vector<Mark>> read_log(std::string_view text) {
  std::vector<Mark> marks;
  for (std::size_t number = 1; !text.empty(); ++number) {
    const std::string_view line = trimmed(take_part(text, '\n'));
    if (line.empty() || line.starts_with('#')) continue;
    const auto mark = read_mark(line);
    if (!mark) {
      return Error{Errc::invalid_argument, "Line " + std::to_string(number) +
                                               " of the log is none of a bisection: \"good 12\", "
                                               "\"bad 34\" or \"skip 56\" was expected."};
    }
    marks.push_back(*mark);
  }
  return marks;
}

}  // namespace spine::core
