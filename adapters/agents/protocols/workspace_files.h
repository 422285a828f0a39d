// FileAccess: files that an agent may request; make_workspace_files(): those below its workspace.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <sys/types.h>
#include <vector>

#include "schemas/vocab/result.h"
#include "schemas/vocab/unique_fd.h"

namespace spine::agents {

class FileAccess {
 public:
  virtual ~FileAccess() = default;
  // Lines of the file from `line` on (1 = the first, 0 = the same), at most `limit` (0 = all).
  // Errors say what is wrong in words for the agent.
  virtual Result<std::string> read(std::string_view path, std::uint64_t line,
                                   std::uint64_t limit) = 0;
  // Makes or replaces the file as a whole.
  virtual Status write(std::string_view path, std::string_view content) = 0;
};

// The user files are opened as, and the paths that are refused.
struct FileRules {
  // The agent's user; only a root gateway can act as another. 0 = the workspace's owner.
  uid_t uid{};
  gid_t gid{};
  std::vector<std::string> hidden{};  // absolute; refused with all that is below them
};

// Paths are absolute and below `workspace`, or relative to it; nothing outside is opened, not even
// through symbolic links. Regular files of at most limits::kAgentFileBytesMax. A root gateway
// opens and makes them as the agent's user, who owns what is made; never as root. Thread: any, one
// at a time, and never the loop's; only the calling thread's credentials change meanwhile. Needs
// Linux 5.6 (openat2).
std::unique_ptr<FileAccess> make_workspace_files(std::string workspace, FileRules rules = {});

// A regular file for reading, under the same rules. Errors are as read() has them.
Result<UniqueFd> open_in_workspace(const std::string& workspace, const FileRules& rules,
                                   std::string_view path);

// A folder of a workspace in which files are put.
struct PutFolder {
  std::string name{};  // a plain name
  // Which of the names in it are files that were put; others are neither counted nor removed.
  std::function<bool(std::string_view name)> is_put{};
  // Which of those an agent still needs: they are not removed.
  std::function<bool(std::string_view name)> is_needed{};
};

// Copies an open file, from its beginning, to <workspace>/<folder>/<name>, under the same rules;
// the folder is made. When more than limits::kWorkspaceMediaFilesMax files or
// kWorkspaceMediaBytesMax would lie there, the oldest that are not needed go; no_space when that is
// not enough. `name` is a plain name. Returns its absolute path. Thread: as above.
Result<std::string> put_into_workspace(const std::string& workspace, const FileRules& rules,
                                       const PutFolder& folder, const std::string& name, int file);

}  // namespace spine::agents
