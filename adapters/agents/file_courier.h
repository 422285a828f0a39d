// FileCourier: brings the files of an agent's prompts into its workspace, on the threads for files.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "adapters/agents/prompt_files.h"
#include "adapters/loop/file_pool.h"
#include "engine/log/log.h"

namespace spine::agents {

// The files of one prompt. A job of the pool writes `files` until they are here.
struct ComingFiles {
  std::string workspace{};  // where they are brought
  FetchedFiles files{};
  bool here{};
};

// Thread: loop.
class FileCourier {
 public:
  // `pool` outlives it. `on_here` is called from the loop when the files of a prompt are there.
  FileCourier(loop::FilePool& pool, std::string_view agent, log::Logger log,
              std::function<void()> on_here);
  ~FileCourier() { pool_.close(asker_); }
  FileCourier(const FileCourier&) = delete;
  FileCourier& operator=(const FileCourier&) = delete;

  // `files` is copied. Who does not wait any more drops what this returns.
  std::shared_ptr<ComingFiles> fetch(const PromptFiles& files, FilesPlace place);

 private:
  void arrived();

  loop::FilePool& pool_;
  log::Logger log_;
  std::function<void()> on_here_;
  std::deque<std::shared_ptr<ComingFiles>> coming_{};
  loop::FilePool::Asker asker_;
};

}  // namespace spine::agents
