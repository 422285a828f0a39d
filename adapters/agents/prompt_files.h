// PromptFiles: the files that came with the messages of a prompt, as agents of every protocol are
// given them.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/agents/protocols/protocol.h"
#include "adapters/agents/protocols/workspace_files.h"
#include "engine/pipeline/items/messages.h"
#include "schemas/vocab/bytes.h"
#include "schemas/vocab/limits.h"

namespace spine::agents {

inline constexpr const char* kWorkspaceMediaFolder = "attachments";  // in a workspace

// Where the files are taken from and put.
struct FilesPlace {
  std::filesystem::path media{};  // the folder of the media
  std::string workspace{};        // absolute
  FileRules rules{};
  std::uint64_t images_bytes_max{};  // of all images before they are base64; 0 = none are wanted
};

// A prompt's files, where its agent finds them.
struct FetchedFiles {
  std::string lines{};  // what the agent is told of them, a line each
  PromptImages images{};
  std::vector<std::string> problems{};  // for the log
};

class PromptFiles {
 public:
  PromptFiles() = default;
  // Copies what the prompt says of them.
  explicit PromptFiles(const pipeline::PromptItem& prompt);

  bool empty() const { return rows_.empty() && left_out_ == 0; }
  bool has_images() const;
  std::size_t bytes() const;  // that this takes

  // What an agent without a workspace is told of them: "[image cat.jpg, 31.0 MiB: too large to
  // fetch]", a line each.
  std::string lines() const;
  // Copies every file that is there into the workspace, under a name that is safe to write
  // anywhere, and reads the images. What goes wrong is told to the agent in the file's line.
  // Thread: any but the loop's.
  FetchedFiles fetch(const FilesPlace& place) const;

 private:
  struct Row {
    std::string name{};
    std::string mime_type{};
    std::string sha256{};  // 32 bytes; empty = it is not there
    std::uint64_t bytes{};
    fb::AttachmentKind kind{};
    fb::AttachmentProblem problem{};
  };
  class Fetcher;
  static std::string line(const Row& row, std::string_view what);
  std::string last_line() const;

  std::vector<Row> rows_{};
  std::uint32_t left_out_{};
};

// The text of a prompt, and below it what is said of its files.
std::string with_lines(std::string_view text, std::string_view lines);

// A name of at most 96 bytes that is safe in a path and in a shell: letters, digits, '.', '-', '_'
// and what is beyond ASCII; with an ending that fits the type where it has none.
std::string safe_file_name(std::string_view name, std::string_view mime_type,
                           fb::AttachmentKind kind);

}  // namespace spine::agents
