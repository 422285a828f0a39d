// An empty file.
#include "engine/state_dir/restored_mark.h"

#include <system_error>

#include "schemas/vocab/files.h"

namespace spine::state_dir {

namespace fs = std::filesystem;

fs::path restored_mark(const fs::path& state_dir) {
  return state_dir / "restored";
}

Status leave_restored_mark(const fs::path& state_dir) {
  return replace_file(restored_mark(state_dir), {});
}

bool has_restored_mark(const fs::path& state_dir) {
  std::error_code error;
  return fs::exists(restored_mark(state_dir), error);
}

Status remove_restored_mark(const fs::path& state_dir) {
  std::error_code error;
  const bool removed = fs::remove(restored_mark(state_dir), error);
  if (error) return path_error(error.value(), "deleted", restored_mark(state_dir));
  return removed ? sync_dir(state_dir) : ok();
}

}  // namespace spine::state_dir
