// digests: prints a line for the state at each seq; and the reader of such lines.
#include "replay/search/digest_lines.h"

#include <filesystem>
#include <fmt/format.h>
#include <fstream>
#include <optional>
#include <string>

#include "engine/core/model/digest.h"
#include "replay/timeline/moment.h"
#include "replay/timeline/progress.h"
#include "replay/timeline/selection.h"
#include "replay/timeline/timeline.h"
#include "replay/verb.h"
#include "schemas/vocab/json.h"
#include "schemas/vocab/json_read.h"
#include "schemas/vocab/show.h"

namespace spine::replay {
namespace {

struct DigestLine {
  std::uint64_t seq{};
  std::uint64_t version{};
  std::string digest{};
};

// Lines of a file, one after the other.
class DigestFile {
 public:
  static constexpr std::size_t kLineBytesMax = 4096;

  explicit DigestFile(const std::string& path) : path_(path), file_(path) {}

  Status check_open() const {
    if (file_) return ok();
    return Error{Errc::not_found, fmt::format("Cannot read {}.", printable(path_))};
  }

  // Nothing behind the last line.
  Result<std::optional<DigestLine>> next() {
    std::string text;
    do {
      if (!std::getline(file_, text)) return std::optional<DigestLine>{};
      ++number_;
    } while (text.empty());
    if (text.size() > kLineBytesMax) return not_a_line();
    padded_.assign(text);
    simdjson::dom::element root;
    if (parser_.parse(padded_, root) != JsonParser::Fault::none) return not_a_line();
    const JsonNode line{root};
    DigestLine read{.seq = line.number("seq"),
                    .version = line.number("version"),
                    .digest = std::string(line.text("digest"))};
    if (read.seq <= last_ || read.digest.empty()) return not_a_line();
    last_ = read.seq;
    return std::optional(std::move(read));
  }

 private:
  Error not_a_line() const {
    return {Errc::invalid_argument,
            fmt::format("{}, line {}: {{\"seq\":12,\"digest\":\"...\"}} with a seq above the last "
                        "one was expected, as `spine replay digests` prints it.",
                        printable(path_), number_)};
  }

  std::string path_;
  std::ifstream file_;
  std::size_t number_{};
  std::uint64_t last_{};
  PaddedText padded_{};
  JsonParser parser_{};
};

struct Compared {
  std::uint64_t equal{};          // how many digests were
  std::uint64_t last_equal{};     // the seq of the last of them
  std::optional<DigestLine> a{};  // the first that differ
  std::optional<DigestLine> b{};
};

Result<Compared> compare(DigestFile& a, DigestFile& b) {
  Compared compared;
  SPINE_TRY(auto left, a.next());
  SPINE_TRY(auto right, b.next());
  while (left && right) {
    if (left->seq != right->seq) {
      const bool behind = left->seq < right->seq;
      SPINE_TRY((behind ? left : right), (behind ? a : b).next());
      continue;
    }
    if (left->version != right->version) {
      return Error{Errc::refused,
                   fmt::format("At #{} the digests are of different versions ({} and "
                               "{}): they cannot be compared.",
                               left->seq, left->version, right->version)};
    }
    if (left->digest != right->digest) {
      compared.a = std::move(left);
      compared.b = std::move(right);
      return compared;
    }
    ++compared.equal;
    compared.last_equal = left->seq;
    SPINE_TRY(left, a.next());
    SPINE_TRY(right, b.next());
  }
  if (compared.equal != 0) return compared;
  return Error{Errc::not_found, "The two files have no seq in common: nothing was compared."};
}

void print_text(const Compared& compared, std::FILE* out) {
  if (!compared.a) {
    fmt::print(out, "Equal: {} digests, the last at #{}\n", show_count(compared.equal),
               compared.last_equal);
    return;
  }
  fmt::print(out, "#{} is the first digest that differs: {} and {}\n", compared.a->seq,
             printable(compared.a->digest), printable(compared.b->digest));
  if (compared.last_equal == 0) return;
  fmt::print(out, "The last equal one is at #{}.", compared.last_equal);
  if (compared.a->seq > compared.last_equal + 1) {
    fmt::print(out, " For the event itself: spine replay digests --from {} --to {} --every 1",
               compared.last_equal, compared.a->seq);
  }
  fmt::print(out, "\n");
}

std::string compared_json(const Compared& compared) {
  return json_object([&](JsonWriter& json) {
    json.member("equal", !compared.a);
    json.member("equalDigests", compared.equal);
    json.member("lastEqualSeq", compared.last_equal);
    if (!compared.a) return json.member_null("firstDifference");
    json.object("firstDifference", [&] {
      json.member("seq", compared.a->seq);
      json.member("a", compared.a->digest);
      json.member("b", compared.b->digest);
    });
  });
}

// One line a state, from the first multiple of `every` in the range; and the last of the range.
Status print_digests(const Common& common, Timeline& timeline, Seq from, Seq upto,
                     std::uint64_t every) {
  core::State state;
  every = std::min(every, upto.value + 1);
  std::uint64_t at = from.value - from.value % every;
  if (at < from.value) at += every;
  while (upto && from <= upto) {
    at = std::min(at, upto.value);
    SPINE_TRY_STATUS(state.applied() ? timeline.fold_to(Seq{at}, state)
                                     : timeline.state_at(Seq{at}, state));
    const core::StateDigest own = core::digest(state);
    timeline.reader().release();  // a pager may take long
    const int printed =
        std::fprintf(common.out, "{\"seq\":%llu,\"version\":%u,\"digest\":\"%s\"}\n",
                     static_cast<unsigned long long>(at), own.version, show_hex(own.total).c_str());
    if (printed < 0) return Error{Errc::io, "The digests cannot be written: is the disk full?"};
    if (at == upto.value) break;
    at += every;
    SPINE_TRY_STATUS(timeline.reader().renew());
  }
  return ok();
}

}  // namespace

Result<int> compare_digest_files(const Common& common, const std::string& a, const std::string& b) {
  DigestFile left(a);
  DigestFile right(b);
  SPINE_TRY_STATUS(left.check_open());
  SPINE_TRY_STATUS(right.check_open());
  SPINE_TRY(const Compared compared, compare(left, right));
  if (common.json) {
    fmt::print(common.out, "{}\n", json_for_terminal(compared_json(compared)));
  } else {
    print_text(compared, common.out);
  }
  return compared.a ? kExitDiffers : kExitOk;
}

Action replay_digests(CLI::App& verb) {
  verb.footer(
      "One JSON line a state; two files of them are compared by `spine replay bisect "
      "--digests`.\n\n"
      "Examples:\n  spine replay digests > here.jsonl\n"
      "  spine replay digests --from 9000 --to 10000 --every 1 > close.jsonl");
  const auto every =
      option<std::uint64_t>(verb, "--every", "A line at each multiple of this seq", 10'000);
  const auto from = option(verb, "--from", "First event: a seq or a time");
  const auto to = option(verb, "--to", "Last event: a seq or a time");
  return [=](const Common& common) -> Result<int> {
    if (*every == 0) return Error{Errc::invalid_argument, "--every has to be at least 1."};
    SPINE_TRY(Timeline timeline, Timeline::open(common.state_dir));
    SPINE_TRY(const Selection range, Selection::find({.from = *from, .to = *to}, timeline));
    const Seq first = std::max(range.from, timeline.first());
    const Seq last = std::min(range.upto, timeline.last());
    Progress progress(common.err, "folding", first.value, last.value);
    timeline.on_progress([&](Seq seq) { progress.at(seq.value); });
    SPINE_TRY_STATUS(print_digests(common, timeline, first, last, *every));
    return kExitOk;
  };
}

}  // namespace spine::replay
