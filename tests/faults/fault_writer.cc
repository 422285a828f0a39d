// The program under the fault layer: commits to a journal and says what it was promised.
//
//   fault_writer power <state-dir> <seed>    commits until the end (of power)
//   fault_writer space <state-dir> <space-file>
//
// Lines on stdout: "w <seq>" about to commit up to seq, "a <seq>" that commit was acknowledged,
// "s <seq>" a snapshot was written. Exit status 0 as intended, 1 a check failed, 2 usage.
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <unistd.h>

#include "journal/journal.h"
#include "journal/snapshots.h"
#include "schemas/vocab/limits.h"
#include "tests/faults/content.h"
#include "tests/faults/disk_model.h"

namespace spine::faults {
namespace {

namespace fs = std::filesystem;
using journal::Batch;
using journal::Journal;
using journal::SpaceClass;

// One write, so that the reader of the pipe never sees half a line.
void say(char what, Seq seq) {
  const std::string line = std::string(1, what) + " " + std::to_string(seq.value) + "\n";
  if (::write(STDOUT_FILENO, line.data(), line.size()) < 0) std::abort();
}

int fail(const Error& error) {
  std::fprintf(stderr, "fault_writer: %s\n", error.message.c_str());
  return 1;
}

void fill(Batch& batch, Seq first, std::size_t count) {
  batch.begin(first);
  for (std::size_t i = 0; i < count; ++i)
    append_content(batch);
}

// Mostly small commits, some over several blocks.
std::size_t random_count(Random& random) {
  if (random.chance(12)) return 100 + random.below(400);
  return 1 + random.below(random.chance(3) ? 40 : 4);
}

int write_until_the_end(const fs::path& state, std::uint64_t seed) {
  Random random(seed);
  auto journal = Journal::open(state / "journal", kContentEpoch);
  if (!journal) return fail(journal.error());
  auto snapshots = journal::SnapshotStore::open(state / "snapshots");
  if (!snapshots) return fail(snapshots.error());
  Batch batch;
  for (int round = 1; round < 5'000; ++round) {
    fill(batch, next((*journal)->last()), random_count(random));
    const Status space = (*journal)->ensure_space(batch.bytes(), SpaceClass::intake);
    if (!space) return fail(space.error());
    say('w', batch.last());
    const Result<Seq> durable = (*journal)->commit(batch);
    if (!durable) return fail(durable.error());
    say('a', *durable);
    if (!random.chance(10)) continue;
    const std::string state_text = snapshot_content(*durable);
    const Status written =
        snapshots->write(*durable, kContentEpoch, as_bytes(state_text), (*journal)->head());
    if (!written) return fail(written.error());
    say('s', *durable);
  }
  return 0;
}

void set_space(const fs::path& file, std::uint64_t bytes) {
  std::FILE* out = std::fopen(file.c_str(), "we");
  if (out == nullptr) std::abort();
  std::fprintf(out, "%llu\n", static_cast<unsigned long long>(bytes));
  std::fclose(out);
}

// Commits batches of that class until space is refused. False when anything else went wrong.
bool commit_until_full(Journal& journal, SpaceClass space_class, std::uint64_t& commits) {
  Batch batch;
  for (commits = 0; commits < 100'000; ++commits) {
    fill(batch, next(journal.last()), 400);
    const Status space = journal.ensure_space(batch.bytes(), space_class);
    if (!space) return space.error().code == Errc::no_space;
    const Result<Seq> durable = journal.commit(batch);
    if (!durable) {
      fail(durable.error());
      return false;
    }
    say('a', *durable);
  }
  return false;
}

// The disk fills; intake is refused before any commit fails; closing goes on through the reserve;
// when room is made, service resumes.
int fill_the_disk(const fs::path& state, const fs::path& space_file) {
  set_space(space_file, 30 * limits::kMiB);
  auto journal = Journal::open(state / "journal", kContentEpoch);
  if (!journal) return fail(journal.error());
  std::uint64_t intake = 0;
  std::uint64_t closing = 0;
  if (!commit_until_full(**journal, SpaceClass::intake, intake) || intake == 0) return 1;
  if (!commit_until_full(**journal, SpaceClass::closing, closing) || closing == 0) return 1;
  const Seq full = (*journal)->last();
  set_space(space_file, 60 * limits::kMiB);
  if (!commit_until_full(**journal, SpaceClass::intake, intake) || intake == 0) return 1;
  std::fprintf(stderr, "fault_writer: full at seq %llu, then went on to %llu\n",
               static_cast<unsigned long long>(full.value),
               static_cast<unsigned long long>((*journal)->last().value));
  return (*journal)->last() > full ? 0 : 1;
}

}  // namespace
}  // namespace spine::faults

int main(int argc, char** argv) {
  using namespace spine::faults;
  if (argc == 4 && std::string(argv[1]) == "power") {
    return write_until_the_end(argv[2], std::strtoull(argv[3], nullptr, 10));
  }
  if (argc == 4 && std::string(argv[1]) == "space") return fill_the_disk(argv[2], argv[3]);
  std::fprintf(stderr, "usage: fault_writer power|space <state-dir> <seed|space-file>\n");
  return 2;
}
