// SkillFolders: walks one root folder and finds the SKILL.md files in it.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/skills/front_matter.h"

namespace spine::skills {

// A SKILL.md that was found, with its text if it could be read.
struct FoundSkill {
  std::string path{};       // of SKILL.md, below the root as configured
  std::string folder{};     // name of its folder; of a link, the link's own name
  std::string directory{};  // canonical path of its folder when SKILL.md was read
  std::string file{};       // canonical path of SKILL.md
  std::string text{};
  bool readable{};
};

struct RootWalk {
  std::vector<std::string> folders{};  // all that were searched, and targets of links
  std::vector<Fault> faults{};         // with path
};

// Searches `root` and the folders below, kSkillFolderDepthMax deep. A folder with a SKILL.md is not
// searched further; names that begin with "." and node_modules are skipped. The target of a link
// must be in the root, or in one of `allowed`. A missing root is empty. Bounds:
// kSkillsPerRootMax, kSkillFoldersPerRootMax, kSkillFolderEntriesMax, kSkillFileBytesMax,
// kSkillRoot*Max: whatever exceeds them is skipped, with a fault. Thread: any.
// Paths are resolved first and then opened without following links: a link that was put in place
// in between is a fault.
// `on_skill` is called for one skill after the other, by path, so that texts need not be kept.
RootWalk walk_root(const std::string& root, const std::vector<std::string>& allowed,
                   const std::function<void(const FoundSkill&)>& on_skill);

// The canonical path; empty if it does not exist.
std::string real_path(const std::string& path);

// Whether `path` is `folder` or below it. Both canonical.
bool is_inside(std::string_view path, std::string_view folder);

}  // namespace spine::skills
