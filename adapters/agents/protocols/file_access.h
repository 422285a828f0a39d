// FileAccess: files an agent may ask its client for; WorkspaceFiles: those below its workspace.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "schemas/vocab/result.h"

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

// Paths are absolute and below `workspace`, or relative to it; nothing that leads out of it is
// opened, whatever links say. Regular files of at most limits::kAgentFileBytesMax. What is written
// belongs to whom the workspace belongs to. Needs Linux 5.6 (openat2).
std::unique_ptr<FileAccess> make_workspace_files(std::string workspace);

}  // namespace spine::agents
