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
  std::string directory{};  // its folder, without symbolic links when SKILL.md was read
  std::string file{};       // SKILL.md itself, without symbolic links
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
// kSkillsPerRootMax, kSkillFoldersPerRootMax, kSkillFolderEntriesMax, kSkillFileBytesMax,
// kSkillRoot*Max: what is beyond is a fault. Thread: any.
// Paths are opened without following links once they were found to have none: what is put in their
// place meanwhile is a fault.
// `on_skill` gets the skills by path, one after the other, so that their texts need not be kept.
RootWalk walk_root(const std::string& root, const std::vector<std::string>& allowed,
                   const std::function<void(const FoundSkill&)>& on_skill);

// Without symbolic links; empty when there is none.
std::string real_path(const std::string& path);

// Whether `path` is `folder` or below it. Both without symbolic links.
bool is_inside(std::string_view path, std::string_view folder);

}  // namespace spine::skills
