// Copies of a journal: made while it is written to, and read whole before anybody relies on them.
#pragma once

#include <filesystem>
#include <functional>

#include "journal/reader.h"
#include "journal/scan.h"
#include "schemas/vocab/ids.h"
#include "schemas/vocab/result.h"

namespace spine::journal {

// Called after every block or step with how far it is. False stops the work.
using Progress = std::function<bool(Seq done, Seq all)>;

// Copies the blocks that `from` reads into a journal of their own in `to`, which exists and is
// empty, then reads that copy as read_whole() does. The copy ends where `from` ended at the call,
// which is the end of a commit, however much is written meanwhile. It is durable when this returns,
// but for the name of `to`.
//
// Errors: corrupt and newer_format, naming the seq; no_space; io; unavailable: stopped. What is in
// `to` is then of no use.
Result<ScanReport> copy_journal(Reader& from, const std::filesystem::path& to,
                                const Progress& progress);

// Scans every block of a journal that nobody writes to. Errors: as above; the first damage is
// named.
Result<ScanReport> read_whole(const std::filesystem::path& dir, const Progress& progress);

}  // namespace spine::journal
