// AnswerFiles: takes the files that an answer names out of the agent's workspace into the media
// folder, before the answer is told.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <list>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/agents/answers.h"
#include "adapters/agents/protocols/workspace_files.h"
#include "adapters/loop/file_pool.h"
#include "adapters/media/media_keeper.h"
#include "schemas/vocab/ids.h"

namespace spine::agents {

// Only regular files inside the workspace, found without leaving it, and not larger than
// limits::kMediaFileBytesMax; what cannot be taken stays a line of the text. Thread: loop.
class AnswerFiles {
 public:
  // All outlive it.
  AnswerFiles(loop::FilePool& pool, media::MediaKeeper& keeper, Answers& answers);
  ~AnswerFiles();
  AnswerFiles(const AnswerFiles&) = delete;
  AnswerFiles& operator=(const AnswerFiles&) = delete;

  // Tells the end of the run, now or when its files are kept; `workspace` empty = it has none.
  void finished(RunId run, const Finished& answer, std::string_view workspace,
                const FileRules& rules);
  // The gateway stops: what is still under way is told without its files.
  void tell_all();

 private:
  struct Named {
    std::string path{};                 // as the answer has it
    std::filesystem::path temporary{};  // where it is copied to
    std::string problem{};              // why it is not; written by the job
    bool copied{};                      // likewise
  };
  struct Answer {
    RunId run{};
    std::string text{};
    std::string stop_reason{};
    std::string provider{};
    std::string model{};
    Finished rest{};  // its numbers
    std::vector<AnswerFile> files{};
    std::shared_ptr<std::vector<Named>> named{};  // of the job
    std::size_t missing{};                        // files that the keeper has not told of
  };

  void copied();
  void kept(std::uint64_t run, std::size_t place, Result<media::MediaFile>&& file);
  void tell(const std::shared_ptr<Answer>& answer);

  loop::FilePool& pool_;
  media::MediaKeeper& keeper_;
  Answers& answers_;
  std::list<std::shared_ptr<Answer>> open_{};
  std::list<std::shared_ptr<Answer>> copying_{};  // in order of the jobs
  loop::FilePool::Asker asker_;
  std::shared_ptr<AnswerFiles*> alive_;  // null inside once it is gone
};

}  // namespace spine::agents
