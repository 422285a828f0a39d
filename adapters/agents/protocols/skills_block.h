// skills_block: the skills of an agent as words before a prompt.
#pragma once

#include <string>
#include <vector>

#include "adapters/agents/protocols/protocol.h"

namespace spine::agents {

// An <available_skills> block and what it is for, ending in an empty line; empty without skills.
std::string skills_block(const std::vector<SkillHandOver>& skills);

}  // namespace spine::agents
