// One job for the files of one prompt.
#include "adapters/agents/file_courier.h"

#include <fmt/format.h>
#include <string>
#include <utility>

#include "schemas/vocab/show.h"

namespace spine::agents {
namespace {

// In the pool's table: beside the agent itself, whose own requests do not wait for it. No id of an
// agent has parentheses.
std::string party_of(std::string_view agent) {
  return fmt::format("(files of {})", agent);
}

}  // namespace

FileCourier::FileCourier(loop::FilePool& pool, std::string_view agent, log::Logger log,
                         std::function<void()> on_here)
    : pool_(pool),
      log_(log),
      on_here_(std::move(on_here)),
      asker_(pool.open(party_of(agent), [this](std::string&&) { arrived(); })) {}

std::shared_ptr<ComingFiles> FileCourier::fetch(std::shared_ptr<const PromptFiles> files,
                                                FilesPlace place) {
  auto coming = std::make_shared<ComingFiles>();
  coming->workspace = place.workspace;
  coming_.push_back(coming);
  const std::size_t bytes = files->bytes();
  pool_.submit(
      asker_,
      [coming, files = std::move(files), place = std::move(place), at_work = at_work_] {
        std::erase_if(*at_work, [](const auto& other) { return other.expired(); });
        at_work->push_back(files);
        coming->files = files->fetch(place, *at_work);
        return std::string{};
      },
      bytes);
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
