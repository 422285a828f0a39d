// Costs are bounded from above, without the work they are about.
#include "adapters/skills/skill_costs.h"

#include <algorithm>

namespace spine::skills {

std::size_t bytes_of(const SkillFile& file) {
  std::size_t bytes = 1'024 + file.name.size() + file.description.size() + file.homepage.size();
  const auto add = [&bytes](const std::vector<std::string>& list) {
    for (const std::string& text : list)
      bytes += 64 + 3 * text.size();  // required, missing, and in a sentence
  };
  for (const Fault& fault : file.faults)
    bytes += sizeof fault + fault.message.size();
  for (const auto* list : {&file.os, &file.bins, &file.any_bins, &file.env, &file.config})
    add(*list);
  for (const pipeline::SkillInstall& install : file.install) {
    bytes += 128 + install.id.size() + install.label.size();
    add(install.bins);
  }
  return bytes;
}

std::shared_ptr<SkillFile> first_fault_of(const SkillFile& file) {
  auto out = std::make_shared<SkillFile>();
  out->name = file.name.substr(0, limits::kNameBytesMax);
  out->name_line = file.name_line;
  const auto error = std::ranges::find(file.faults, Weight::error, &Fault::weight);
  if (error != file.faults.end()) out->faults.push_back(*error);
  return out;
}

std::size_t read_cost_of(std::string_view text) {
  constexpr std::string_view kMark = "\n---";
  std::size_t at = text.find(kMark);
  while (at != std::string_view::npos) {
    const std::size_t after = at + kMark.size();
    const std::string_view rest = text.substr(after, text.find('\n', after) - after);
    if (rest.find_first_not_of(" \t\r") == std::string_view::npos) break;
    at = text.find(kMark, after);
  }
  if (at == std::string_view::npos) return kFileCost;
  return kFileCost + std::min(at, limits::kSkillFrontMatterBytesMax);
}

}  // namespace spine::skills
