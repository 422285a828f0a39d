// bundle: a part of a journal as a state directory of its own.
#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <fmt/format.h>
#include <memory>
#include <optional>
#include <string>
#include <sys/random.h>
#include <unistd.h>

#include "engine/core/model/digest.h"
#include "engine/core/model/snapshot.h"
#include "journal/block_writer.h"
#include "journal/snapshots.h"
#include "replay/bundle/manifest.h"
#include "replay/bundle/partial_directory.h"
#include "replay/bundle/redaction.h"
#include "replay/timeline/event_text.h"
#include "replay/timeline/interruption.h"
#include "replay/timeline/moment.h"
#include "replay/timeline/progress.h"
#include "replay/timeline/timeline.h"
#include "replay/verb.h"
#include "schemas/fields.h"
#include "schemas/vocab/files.h"
#include "schemas/vocab/sha256.h"
#include "schemas/vocab/show.h"
#include "schemas/vocab/unique_fd.h"

namespace spine::replay {
namespace {

struct BundleOptions {
  std::string around{};
  std::uint64_t before{};
  std::uint64_t after{};
  std::string session{};
  bool redact{};
  std::string out{};
  std::string why{};
};

Result<Bits128> random_bits() {
  Bits128 bits;
  const ssize_t got = ::getrandom(&bits, sizeof(bits), 0);
  if (got == sizeof(bits)) return bits;
  return Error{Errc::io, "The system gives no random numbers."};
}

// Text that goes to a file in pieces. Thread: one.
class TextFile {
 public:
  static Result<TextFile> create(const std::filesystem::path& path) {
    UniqueFd fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    if (!fd) return path_error(errno, "created", path);
    return TextFile(path, std::move(fd));
  }
  Status add(std::string_view text) {
    pending_ += text;
    return pending_.size() < kPieceBytes ? ok() : flush();
  }
  // Durable when it returns.
  Status finish() {
    SPINE_TRY_STATUS(flush());
    return ::fsync(fd_.get()) == 0 ? ok() : Status{path_error(errno, "synced", path_)};
  }

 private:
  static constexpr std::size_t kPieceBytes = std::size_t{1} << 20;
  TextFile(std::filesystem::path path, UniqueFd fd) : path_(std::move(path)), fd_(std::move(fd)) {}
  Status flush() {
    const int code = write_all(fd_.get(), as_bytes(pending_));
    pending_.clear();
    return code == 0 ? ok() : Status{path_error(code, "written", path_)};
  }

  std::filesystem::path path_;
  UniqueFd fd_;
  std::string pending_{};
};

// Writes one bundle into an empty directory.
class BundleWriter {
 public:
  BundleWriter(const Common& common, Timeline& timeline, std::filesystem::path dir)
      : common_(common), timeline_(timeline), dir_(std::move(dir)) {}

  // Of the commits that hold the events `from` to `upto`. `manifest` says what was asked for; the
  // rest of it is filled in.
  Status write(Seq from, Seq upto, Manifest& manifest) {
    SPINE_TRY_STATUS(find_range(from, upto, manifest));
    manifest.source_epoch = timeline_.epoch();
    manifest.epoch = manifest.source_epoch;
    if (manifest.redacted) {
      SPINE_TRY(const Bits128 key, random_bits());
      SPINE_TRY(manifest.epoch, random_bits());
      redaction_.emplace(key);
    }
    SPINE_TRY_STATUS(timeline_.state_at(Seq{manifest.first.value - 1}, state_));
    if (redaction_) SPINE_TRY_STATUS(redaction_->begin(state_));
    SPINE_TRY_STATUS(write_snapshot(manifest));
    SPINE_TRY_STATUS(write_blocks(manifest));
    SPINE_TRY_STATUS(write_events(manifest));
    const std::string text = manifest.json();
    return replace_file(Manifest::path_in(dir_), {as_bytes(text)});
  }

 private:
  // Cut where commits are: what follows from one input stays together.
  Status find_range(Seq from, Seq upto, Manifest& manifest) {
    journal::Reader& reader = timeline_.reader();
    SPINE_TRY_STATUS(reader.renew());
    SPINE_TRY(journal::BlockView block, reader.block_of(std::max(from, reader.first())));
    while (block.first() > reader.first()) {
      SPINE_TRY(const journal::BlockView before, reader.block_of(Seq{block.first().value - 1}));
      if (before.may_end_commit()) break;
      block = before;
    }
    manifest.first = block.first();
    previous_ = block.header().previous;
    SPINE_TRY(block, reader.block_of(std::min(upto, reader.last())));
    while (!block.may_end_commit() && block.last() < reader.last()) {
      SPINE_TRY(block, reader.block_after(block));
    }
    manifest.last = block.last();
    return ok();
  }

  // The state right before the first event. Its block is not in the bundle: it is bound to the hash
  // of it that the first block holds.
  Status write_snapshot(Manifest& manifest) {
    if (redaction_ && manifest.first > Seq{1}) {
      SPINE_TRY(const Bits128 nonce, random_bits());  // the true hash could confirm a guess
      previous_ = sha256_of(std::as_bytes(std::span(&nonce, 1)));
    }
    const core::StateDigest digest = core::digest(state_);
    manifest.previous = show_hex(ByteSpan(previous_));
    manifest.digest_version = digest.version;
    manifest.digest_before = show_hex(digest.total);
    if (manifest.first == Seq{1}) return ok();
    flatbuffers::FlatBufferBuilder builder;
    core::save_snapshot(state_, builder);
    SPINE_TRY(auto store, journal::SnapshotStore::open(dir_ / "snapshots"));
    return store.write(Seq{manifest.first.value - 1}, manifest.epoch, finished(builder), previous_);
  }

  Status write_blocks(Manifest& manifest) {
    SPINE_TRY(const auto writer, journal::BlockWriter::create(dir_ / "journal"));
    Progress progress(common_.err, "copying", manifest.first.value, manifest.last.value);
    Interruption interruption(nullptr);
    for (Seq at = manifest.first; at <= manifest.last;) {
      if (interruption.requested()) return interrupted();
      SPINE_TRY_STATUS(timeline_.reader().renew());
      SPINE_TRY(const journal::BlockView block, timeline_.reader().block_of(at));
      at = next(block.last());
      ++manifest.blocks;
      manifest.bytes += block.bytes().size();
      SPINE_TRY_STATUS(write_block(block, manifest.epoch, *writer));
      progress.at(at.value);
    }
    manifest.head = show_hex(ByteSpan(previous_));
    manifest.digest_after = show_hex(core::digest(state_).total);
    return writer->finish();
  }

  // previous_ becomes the hash of the block, state_ the one after it.
  Status write_block(const journal::BlockView& block, Bits128 epoch, journal::BlockWriter& writer) {
    if (redaction_) {
      for (std::uint32_t i = 0; i < block.count(); ++i)
        if (!event_is_readable(block.event(i))) return timeline_.unfoldable(block.event(i));
      SPINE_TRY(const MutableByteSpan copy, redaction_->redact(block, state_));
      journal::chain_block(copy, epoch, previous_);
      previous_ = sha256_of(copy);
      return writer.append(copy);
    }
    previous_ = block.sha256();
    const Seq last = block.last();
    SPINE_TRY_STATUS(writer.append(block.bytes()));
    return timeline_.fold_to(last, state_);
  }

  // The events in readable form, read from the bundle; and what was written is what was meant.
  Status write_events(const Manifest& manifest) {
    SPINE_TRY(Timeline bundle, Timeline::open(dir_));
    core::State state;
    SPINE_TRY_STATUS(bundle.state_at(manifest.last, state));
    if (bundle.first() != manifest.first || bundle.last() != manifest.last ||
        show_hex(core::digest(state).total) != manifest.digest_after) {
      return Error{Errc::corrupt,
                   "The bundle that was written does not fold to the state of the "
                   "journal: it is not put in place. Is the disk failing?"};
    }
    Names names(bundle);
    SPINE_TRY(TextFile file, TextFile::create(dir_ / "events.jsonl"));
    Interruption interruption(nullptr);
    Status written = ok();
    SPINE_TRY_STATUS(bundle.for_each_event(manifest.first, manifest.last, [&](const auto& event) {
      if (written && interruption.requested()) written = interrupted();
      if (written) written = file.add(record_json(event, names) + '\n');
      return written.has_value();
    }));
    SPINE_TRY_STATUS(written);
    return file.finish();
  }

  static Error interrupted() {
    return Error{Errc::unavailable, "Interrupted: no bundle was written."};
  }

  const Common& common_;
  Timeline& timeline_;
  std::filesystem::path dir_;
  std::optional<Redaction> redaction_{};
  core::State state_{};
  journal::Digest256 previous_{};  // hash of the block before the next one
};

void print_bundle(const Common& common, const Manifest& manifest,
                  const std::filesystem::path& out) {
  if (common.json) {
    fmt::print(common.out, "{}", json_for_terminal(manifest.json()));
    return;
  }
  const std::string place = printable(out.string());
  fmt::print(common.out, "Bundle    {}\n", place);
  fmt::print(common.out, "Around    #{}, {}\n", manifest.around_seq.value,
             utc_text(manifest.around_wall_ms));
  fmt::print(common.out, "Events    #{} to #{} ({} in {} blocks, {})\n", manifest.first.value,
             manifest.last.value, show_count(manifest.events()), show_count(manifest.blocks),
             show_bytes(manifest.bytes));
  fmt::print(common.out, "Digests   {} before, {} after\n", manifest.digest_before,
             manifest.digest_after);
  fmt::print(common.out, "People    {}\n",
             manifest.redacted ? "what they said and are called was replaced; ids and keys were not"
                               : "everything they said is in it: --redact replaces that");
  fmt::print(common.out, "Look at it with: spine replay verify --state-dir {}\n", place);
}

Result<int> make_bundle(const Common& common, const BundleOptions& options) {
  SPINE_TRY(Timeline timeline, Timeline::open(common.state_dir));
  SPINE_TRY(const Place around, find_place(options.around, timeline, options.session));
  const std::filesystem::path out = options.out;
  SPINE_TRY(PartialDirectory partial, PartialDirectory::create(out));
  Manifest manifest{.program = SPINE_VERSION,
                    .why = options.why,
                    .around = options.around,
                    .around_seq = around.seq,
                    .around_wall_ms = around.wall_ms,
                    .redacted = options.redact};
  const std::uint64_t seq = around.seq.value;
  const Seq from{seq - std::min(options.before, seq - 1)};
  const Seq upto{seq + std::min(options.after, UINT64_MAX - seq)};
  SPINE_TRY_STATUS(BundleWriter(common, timeline, partial.path()).write(from, upto, manifest));
  SPINE_TRY_STATUS(partial.put_in_place());
  print_bundle(common, manifest, out);
  return kExitOk;
}

}  // namespace

Action replay_bundle(CLI::App& verb) {
  verb.footer(
      "The bundle is a state directory: every verb of replay and journal works on it with\n"
      "--state-dir, and comes to the same states as in the whole journal. It begins and ends "
      "where\n"
      "commits do. In it: journal/ (the blocks, byte by byte), snapshots/ (the state before "
      "them),\n"
      "events.jsonl (to read) and manifest.json (of what it was made, and the digests).\n\n"
      "--redact replaces what people said, what they and their things are called, and what tools\n"
      "were given and gave back, by stand-ins of the same length; equal texts stay equal. Ids "
      "of\n"
      "senders and conversations, session keys and times stay: decisions need them.\n\n"
      "Examples:\n"
      "  spine replay bundle --around 1234 --out fault\n"
      "  spine replay bundle --around \"yesterday 14:03\" --before 500 --after 50 --redact --out "
      "fault\n"
      "  spine replay verify --state-dir fault");
  const auto around = option(verb, "--around", "The moment that it is about: a seq or a time");
  const auto before = option<std::uint64_t>(verb, "--before", "Events before it, at least", 100);
  const auto after = option<std::uint64_t>(verb, "--after", "Events after it, at least", 100);
  const auto session = option(verb, "--session", "Whose messages \"3 messages ago\" counts");
  const auto redact = option<bool>(verb, "--redact", "Replace what people said and are called");
  const auto out = option(verb, "--out", "The directory to make");
  const auto why = option(verb, "--why", "What it is about, for its manifest");
  verb.get_option("--around")->required();
  verb.get_option("--out")->required();
  return [=](const Common& common) {
    return make_bundle(common, {.around = *around,
                                .before = *before,
                                .after = *after,
                                .session = *session,
                                .redact = *redact,
                                .out = *out,
                                .why = *why});
  };
}

}  // namespace spine::replay
