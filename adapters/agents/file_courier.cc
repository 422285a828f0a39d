// One job for the files of one prompt.
#include "adapters/agents/file_courier.h"

#include <string>
#include <utility>

#include "schemas/vocab/show.h"

namespace spine::agents {

FileCourier::FileCourier(loop::FilePool& pool, std::string_view agent, log::Logger log,
                         std::function<void()> on_here)
    : pool_(pool),
      log_(log),
      on_here_(std::move(on_here)),
      asker_(pool.open(agent, [this](std::string&&) { arrived(); })) {}

std::shared_ptr<ComingFiles> FileCourier::fetch(const PromptFiles& files, FilesPlace place) {
  auto coming = std::make_shared<ComingFiles>();
  coming->workspace = place.workspace;
  coming_.push_back(coming);
  pool_.submit(
      asker_,
      [coming, files, place = std::move(place)] {
        coming->files = files.fetch(place);
        return std::string{};
      },
      files.bytes());
  return coming;
}

void FileCourier::arrived() {
  const std::shared_ptr<ComingFiles> came = std::move(coming_.front());
  coming_.pop_front();
  came->here = true;
  for (const std::string& problem : came->files.problems)
    log_.warn("a file of a message is not given to it: {}", printable(problem));
  on_here_();
}

}  // namespace spine::agents
