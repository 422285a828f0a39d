// The program under the fault layer that keeps media, and says what it was promised.
//
//   fault_media power <state-dir>               keeps files until the end (of power)
//   fault_media space <state-dir> <space-file>
//
// A line "a <number>" on stdout: that file was kept. Exit status 0 as intended, 1 a check failed,
// 2 usage.
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <string>
#include <unistd.h>

#include "adapters/media/media_store.h"
#include "schemas/vocab/files.h"
#include "schemas/vocab/limits.h"
#include "schemas/vocab/unique_fd.h"
#include "tests/faults/media_content.h"

namespace spine::faults {
namespace {

namespace fs = std::filesystem;
using media::MediaFile;
using media::MediaStore;

// One write, so that the reader of the pipe never sees half a line.
void say(std::uint64_t number) {
  const std::string line = "a " + std::to_string(number) + "\n";
  if (::write(STDOUT_FILENO, line.data(), line.size()) < 0) std::abort();
}

int fail(const Error& error) {
  std::fprintf(stderr, "fault_media: %s\n", error.message.c_str());
  return 1;
}

// As what a channel fetches comes in.
Result<MediaFile> keep_as_file(MediaStore& store, std::uint64_t number) {
  const fs::path path =
      store.folder() / (store.temporary_prefix() + std::to_string(number) + ".partial");
  {
    const UniqueFd file(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    if (!file) return path_error(errno, "created", path);
    if (const int code = write_all(file.get(), as_bytes(media_content(number))); code != 0) {
      static_cast<void>(::unlink(path.c_str()));
      return path_error(code, "written", path);
    }
  }
  return store.adopt(path);
}

Result<MediaFile> keep(MediaStore& store, std::uint64_t number) {
  if (number % 2 == 0) return keep_as_file(store, number);
  return store.put(as_bytes(media_content(number)));
}

int keep_until_the_end(const fs::path& state) {
  auto store = MediaStore::open(state / media::kMediaFolder);
  if (!store) return fail(store.error());
  for (std::uint64_t number = 1; number < 5'000; ++number) {
    const auto kept = keep(*store, number);
    if (!kept) return fail(kept.error());
    say(number);
  }
  return 0;
}

void set_space(const fs::path& file, std::uint64_t bytes) {
  std::FILE* out = std::fopen(file.c_str(), "we");
  if (out == nullptr) std::abort();
  std::fprintf(out, "%llu\n", static_cast<unsigned long long>(bytes));
  std::fclose(out);
}

// Keeps files until one is refused for want of room. False when anything else went wrong, or a part
// of a file is left.
bool keep_until_full(MediaStore& store, std::uint64_t& number) {
  for (; number < 100'000; ++number) {
    const auto kept = keep(store, number);
    if (kept) {
      say(number);
      continue;
    }
    if (kept.error().code != Errc::no_space) return fail(kept.error()) == 0;
    for (const auto& entry : fs::directory_iterator(store.folder())) {
      if (entry.path().extension() == ".partial") return false;
    }
    return true;
  }
  return false;
}

int fill_the_disk(const fs::path& state, const fs::path& space_file) {
  set_space(space_file, limits::kMiB);
  auto store = MediaStore::open(state / media::kMediaFolder);
  if (!store) return fail(store.error());
  std::uint64_t number = 1;
  if (!keep_until_full(*store, number) || number == 1) return 1;
  const std::uint64_t full = number;
  set_space(space_file, 2 * limits::kMiB);
  if (!keep_until_full(*store, number) || number == full) return 1;
  // Room that a sweep makes is room.
  if (!store->sweep({}, 0)) return 1;
  const auto kept = keep(*store, number);
  if (!kept) return fail(kept.error());
  say(number);
  return 0;
}

}  // namespace
}  // namespace spine::faults

int main(int argc, char** argv) {
  using namespace spine::faults;
  if (argc == 3 && std::string(argv[1]) == "power") return keep_until_the_end(argv[2]);
  if (argc == 4 && std::string(argv[1]) == "space") return fill_the_disk(argv[2], argv[3]);
  std::fprintf(stderr, "usage: fault_media power|space <state-dir> [<space-file>]\n");
  return 2;
}
