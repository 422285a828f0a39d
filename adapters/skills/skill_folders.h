// SkillFolders: a walk through one root, to the files SKILL.md in it.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/skills/front_matter.h"

namespace spine::skills {

// A SKILL.md as it was found, its text if it could be read.
struct FoundSkill {
  std::string path{};       // of SKILL.md, by way of the root
  std::string folder{};     // the name of its folder as found: a link's own name
  std::string directory{};  // its folder, without symbolic links
  std::string text{};
  bool readable{};
};

struct RootWalk {
  std::vector<std::string> folders{};  // all that was looked into, and where links lead
  std::vector<Fault> faults{};         // with path
};

// Looks into `root` and what is below, kSkillFolderDepthMax deep. A folder with a SKILL.md ends the
// descent; names that begin with "." and node_modules are passed over. What a symbolic link leads
// to must lie in the root, or in one of `allowed`. A root that is not there is empty. Bounds:
// kSkillsPerRootMax, kSkillFoldersPerRootMax, kSkillFolderEntriesMax, kSkillFileBytesMax: what is
// beyond is a fault. Thread: any.
// `on_skill` gets the skills by path, one after the other, so that their texts need not be kept.
RootWalk walk_root(const std::string& root, const std::vector<std::string>& allowed,
                   const std::function<void(const FoundSkill&)>& on_skill);

}  // namespace spine::skills
