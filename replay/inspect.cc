// inspect: reports as text and as JSON.
#include <fmt/format.h>
#include <string>

#include "journal/ahead.h"
#include "journal/journal.h"
#include "journal/scan.h"
#include "replay/verb.h"
#include "schemas/vocab/advice.h"
#include "schemas/vocab/show.h"
#include "schemas/vocab/uuid.h"

namespace spine::replay {
namespace {

using journal::Damage;
using journal::ScanReport;

void print_scan_json(const ScanReport& report, std::FILE* out) {
  std::string damages;
  for (const Damage& damage : report.damages) {
    damages += fmt::format(R"({}{{"firstSeq":{},"lastSeq":{},"fileOffset":{},"what":{}}})",
                           damages.empty() ? "" : ",", damage.first.value, damage.last.value,
                           damage.offset, json_string(damage.what));
  }
  fmt::print(out,
             R"({{"ok":{},"epoch":"{}","blocks":{},"events":{},"bytes":{},"firstSeq":{},)"
             R"("lastSeq":{},"head":"{}","seconds":{:.3f},"damagesTotal":{},"damages":[{}]}})"
             "\n",
             report.damages_total == 0, uuid_string(report.epoch), report.blocks, report.events,
             report.bytes, report.first.value, report.last.value, show_hex(ByteSpan(report.head)),
             report.seconds, report.damages_total, damages);
}

void print_scan_text(const ScanReport& report, std::FILE* out) {
  const bool good = report.damages_total == 0;
  const bool newer = !good && report.newer_total == report.damages_total;
  fmt::print(out, "{}: {} blocks, {} events, {} in {:.3f} s\n",
             good    ? "The journal is whole"
             : newer ? "A newer version of Spine wrote into this journal"
                     : "The journal is DAMAGED",
             show_count(report.blocks), show_count(report.events), show_bytes(report.bytes),
             report.seconds);
  fmt::print(out, "Epoch {}, events #{} to #{}, head {}\n", uuid_string(report.epoch),
             report.first.value, report.last.value, show_hex(ByteSpan(report.head)));
  for (const Damage& damage : report.damages) {
    fmt::print(out, "{}: {}\n", damage.newer ? "Not read" : "Damaged",
               printable(journal::damage_text(damage)));
  }
  if (report.damages_total > report.damages.size()) {
    fmt::print(out, "... and {} more\n", report.damages_total - report.damages.size());
  }
  if (good) return;
  fmt::print(out, "What to do: {}\n",
             newer ? "Install that version or a later one."
                   : fmt::format("stop Spine, check the disk, and {}", kBringBackABackup));
}

// Files beside the journal that are ahead of it: events at its end are lost. Reported as damage.
Status add_ahead(const Common& common, journal::Reader& reader, ScanReport& report) {
  SPINE_TRY(const auto ahead, journal::find_ahead(common.state_dir, Bits128{}, reader));
  for (const journal::AheadFile& file : ahead) {
    ++report.damages_total;
    report.damages.push_back(
        {.first = file.other_history ? file.seq : next(reader.last()),
         .last = file.seq,
         .what = fmt::format("{}: what it was made of is missing", journal::ahead_text(file))});
  }
  return ok();
}

struct Extent {
  Seq first{};
  Seq last{};
  std::int64_t first_wall_ms{};
  std::int64_t last_wall_ms{};
  std::uint64_t logical_ms{};
  std::uint16_t version{};
  journal::Digest256 head{};
  std::vector<journal::AheadFile> ahead{};
};

Result<Extent> extent_of(journal::Reader& reader, const std::filesystem::path& state_dir) {
  SPINE_TRY(auto ahead, journal::find_ahead(state_dir, Bits128{}, reader));
  Extent extent{.first = reader.first(), .last = reader.last(), .ahead = std::move(ahead)};
  if (!extent.last) return extent;
  SPINE_TRY(const journal::BlockView first, reader.block_of(extent.first));
  SPINE_TRY(const journal::BlockView last, reader.block_of(extent.last));
  extent.first_wall_ms = first.header().first_wall_ms;
  extent.last_wall_ms = last.header().last_wall_ms;
  extent.logical_ms = last.header().last_logical_ms;
  extent.version = last.header().version;
  extent.head = last.sha256();
  return extent;
}

std::string ahead_json(const std::vector<journal::AheadFile>& files) {
  std::string text;
  for (const journal::AheadFile& file : files) {
    text += fmt::format(R"({}{{"path":{},"seq":{},"otherHistory":{}}})", text.empty() ? "" : ",",
                        json_string(file.path.string()), file.seq.value, file.other_history);
  }
  return text;
}

// Looks at the first and the last block only.
Result<int> show_info(const Common& common) {
  SPINE_TRY(journal::Reader reader, journal::Reader::open_read_only(common.journal_dir()));
  SPINE_TRY(const Extent extent, extent_of(reader, common.state_dir));
  std::FILE* out = common.out;
  std::error_code ignored;
  const auto file = common.journal_dir() / "data.mdb";
  const std::uint64_t file_bytes = std::filesystem::file_size(file, ignored);
  const std::string head = show_hex(ByteSpan(extent.head));
  if (common.json) {
    fmt::print(out,
               R"({{"file":{},"epoch":"{}","formatVersion":{},"firstSeq":{},"lastSeq":{},)"
               R"("events":{},"firstWallMs":{},"lastWallMs":{},"logicalMs":{},"fileBytes":{},)"
               R"("head":"{}","ahead":[{}]}})"
               "\n",
               json_string(file.string()), uuid_string(reader.epoch()), extent.version,
               extent.first.value, extent.last.value,
               extent.last ? extent.last.value - extent.first.value + 1 : 0, extent.first_wall_ms,
               extent.last_wall_ms, extent.logical_ms, file_bytes, head, ahead_json(extent.ahead));
    return kExitOk;
  }
  fmt::print(out, "Journal   {}\n", printable(file.string()));
  fmt::print(out, "Epoch     {}\n", uuid_string(reader.epoch()));
  fmt::print(out, "File      {} (space is allocated ahead)\n", show_bytes(file_bytes));
  if (!extent.last) {
    fmt::print(out, "Events    none\n");
    return kExitOk;
  }
  fmt::print(out, "Format    version {}\n", extent.version);
  fmt::print(out, "Events    {} (#{} to #{})\n",
             show_count(extent.last.value - extent.first.value + 1), extent.first.value,
             extent.last.value);
  fmt::print(out, "From      {}\n", show_time(extent.first_wall_ms));
  fmt::print(out, "To        {}\n", show_time(extent.last_wall_ms));
  fmt::print(out, "Ran for   {}\n", show_duration_ms(extent.logical_ms));
  fmt::print(out, "Head      {} (SHA-256 of the last block)\n", head);
  if (!extent.ahead.empty()) {
    fmt::print(out, "Missing   {}\n", printable(journal::ahead_text(extent.ahead, extent.last)));
  }
  return kExitOk;
}

// journal::scan(), and a check for files beside the journal that are ahead of it, so that events
// are lost.
Result<int> verify_journal(const Common& common) {
  SPINE_TRY(journal::Reader reader, journal::Reader::open_read_only(common.journal_dir()));
  ScanReport report = journal::scan(reader);
  SPINE_TRY_STATUS(add_ahead(common, reader, report));
  (common.json ? print_scan_json : print_scan_text)(report, common.out);
  return report.damages_total == 0 ? kExitOk : kExitFailure;
}

}  // namespace

Action journal_info(CLI::App& verb) {
  examples(verb, {"spine journal info --json"});
  return show_info;
}

Action journal_verify(CLI::App& verb) {
  verb.footer("Exit code 1 names each damaged block.\n\nExample:\n  spine journal verify");
  return verify_journal;
}

}  // namespace spine::replay
