// SkillSet: all skills of a gateway at one moment: which there are, which win, which may be used.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <flatbuffers/flatbuffers.h>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "adapters/skills/eligibility.h"
#include "engine/config/config.h"
#include "engine/pipeline/items/reports.h"
#include "schemas/vocab/sha256.h"

namespace spine::skills {

struct SkillsAgent {
  std::string id{};
  std::string workspace{};  // absolute; empty = none
  // Names; absent = all that are eligible, empty = none.
  std::optional<std::vector<std::string>> allowed{};
};

// Where to look, and what eligibility is judged by. Paths are absolute; empty = none.
struct SkillsRequest {
  std::vector<SkillsAgent> agents{};
  std::string home{};
  std::string managed{};  // <openclaw state>/skills
  config::SkillsConfig skills{};
  Ground::Env env{};
  Ground::Truthy truthy{};
};

// `config`'s request. Variables come from `getenv_fn` and the .env files; they and `config` are
// copied where they are needed. Thread: any.
SkillsRequest skills_request(const config::Config& config, const std::filesystem::path& state_dir,
                             config::GetEnv getenv_fn);

// A root, highest precedence first.
struct SkillRoot {
  std::string path{};
  std::string label{};     // "workspace", "workspace-agents", "agents", "managed", "extra"
  std::string agent_id{};  // empty = for every agent
};
std::vector<SkillRoot> roots_of(const SkillsRequest& request);

// A skill that won its name, eligible or not.
struct Skill {
  pipeline::SkillReport
      report{};             // name, description, path, root, agent_id, eligible, reasons, ...
  std::string directory{};  // absolute, without symbolic links: to be shown to its agents
  std::vector<std::pair<std::string, std::string>> env{};  // for its agents' processes; secret
  Digest256 sha256{};                                      // of SKILL.md
};

// Thread: any, read-only once it is made.
class SkillSet {
 public:
  // What `agent_id` is given: eligible, allowed, and not hidden by one of the same name in its own
  // workspace. By name. Borrowed from the set.
  std::vector<const Skill*> for_agent(std::string_view agent_id) const;
  // All winners, by (agent_id, name).
  const std::vector<Skill>& skills() const { return skills_; }
  const std::vector<pipeline::SkillFault>& faults() const { return faults_; }
  pipeline::SkillsReport report() const;
  // Counts up when what any agent is given has changed: names, contents, places, variables.
  std::uint64_t version() const { return version_; }
  std::size_t looked_at() const { return looked_at_; }  // files, winners or not
  std::size_t eligible() const;
  // Some files were not read this time: look again.
  bool incomplete() const { return incomplete_; }
  // What is to be watched: every folder that was looked into; and the roots.
  const std::vector<std::string>& folders() const { return folders_; }
  const std::vector<SkillRoot>& roots() const { return roots_; }

  // Of everything that is reported.
  Bits128 shown_digest() const { return shown_; }

 private:
  friend class SkillScanner;
  void take_digests();

  std::vector<Skill> skills_{};
  std::vector<pipeline::SkillFault> faults_{};  // by path and line
  std::vector<SkillsAgent> agents_{};
  std::vector<std::string> folders_{};
  std::vector<SkillRoot> roots_{};
  std::size_t looked_at_{};
  bool incomplete_{};
  std::uint64_t version_{};
  Bits128 given_{};  // digest of what agents are given
  Bits128 shown_{};
};

// Scans; remembers what files say, and what is wrong with them, by their contents, so that looking
// again is cheap. Thread: one at a time.
class SkillScanner {
 public:
  enum class Pace : std::uint8_t {
    all_at_once,
    // What is not known yet is read up to kSkillYamlBytesPerLookMax of YAML, shared by the roots in
    // workspaces, and that much of each other root: the rest is named as a fault, and the set is
    // incomplete(). Another scan goes on.
    bounded,
  };
  explicit SkillScanner(Pace pace = Pace::all_at_once) : pace_(pace) {}

  // Pure but for the file system. The version is that of `before`, or one more; 1 without it.
  SkillSet scan(const SkillsRequest& request, const SkillSet* before);

 private:
  class Look;  // one scan
  using Files = std::map<Digest256, std::shared_ptr<const SkillFile>>;
  Pace pace_;
  Files files_{};  // of the last scan, by their contents
};

// One scan, for tools.
SkillSet scan(const SkillsRequest& request);

enum class SkillChangeKind : std::uint8_t { added, removed, changed };
struct SkillChange {
  std::string name{};
  std::string agent_id{};  // empty = for every agent
  SkillChangeKind kind{};
  Digest256 sha256{};  // not of removed ones
};

// Among eligible winners. By (agent_id, name); all of them. `before` null = all are added.
std::vector<SkillChange> differences(const SkillSet* before, const SkillSet& after);

// The SkillsChanged event's table, with the first kSkillChangesMax. Finishes `builder`.
void build_skills_changed(const SkillSet& set, const std::vector<SkillChange>& changes,
                          flatbuffers::FlatBufferBuilder& builder);

}  // namespace spine::skills
