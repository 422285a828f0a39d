// verify: what a scan found, as text and as JSON.
#include "replay/verify.h"

#include <fmt/format.h>
#include <string>

#include "journal/ahead.h"
#include "journal/scan.h"
#include "replay/cli.h"
#include "schemas/vocab/show.h"

namespace spine::replay {
namespace {

using journal::Damage;
using journal::ScanReport;

void print_json(const ScanReport& report, std::FILE* out) {
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
             report.damages_total == 0, show_uuid(report.epoch), report.blocks, report.events,
             report.bytes, report.first.value, report.last.value, show_hex(ByteSpan(report.head)),
             report.seconds, report.damages_total, damages);
}

void print_text(const ScanReport& report, std::FILE* out) {
  const bool good = report.damages_total == 0;
  const bool newer = !good && report.newer_total == report.damages_total;
  fmt::print(out, "{}: {} blocks, {} events, {} in {:.3f} s\n",
             good    ? "The journal is whole"
             : newer ? "A newer version of Spine wrote into this journal"
                     : "The journal is DAMAGED",
             show_count(report.blocks), show_count(report.events), show_bytes(report.bytes),
             report.seconds);
  fmt::print(out, "Epoch {}, events #{} to #{}, head {}\n", show_uuid(report.epoch),
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
                   : "stop Spine, keep a copy of the journal directory, check the disk, and bring "
                     "back the last backup.");
}

// What lies beside the journal and tells of more is damage of its end.
Status add_ahead(const VerifyOptions& options, journal::Reader& reader, ScanReport& report) {
  SPINE_TRY(const auto ahead,
            journal::find_ahead(options.journal_dir.parent_path(), Bits128{}, reader));
  for (const journal::AheadFile& file : ahead) {
    ++report.damages_total;
    report.damages.push_back(
        {.first = file.other_history ? file.seq : next(reader.last()),
         .last = file.seq,
         .what = fmt::format("{}: what it was made of is missing", journal::ahead_text(file))});
  }
  return ok();
}

}  // namespace

int journal_verify(const VerifyOptions& options, std::FILE* out, std::FILE* err) {
  auto reader = journal::Reader::open_read_only(options.journal_dir);
  if (!reader) return fail(err, reader.error());
  ScanReport report = journal::scan(*reader);
  if (const Status looked = add_ahead(options, *reader, report); !looked) {
    return fail(err, looked.error());
  }
  const bool good = report.damages_total == 0;
  if (options.json) {
    print_json(report, out);
    return good ? kExitOk : kExitFailure;
  }
  print_text(report, out);
  return good ? kExitOk : kExitFailure;
}

}  // namespace spine::replay
