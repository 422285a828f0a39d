// SkillSet: a snapshot of a gateway's skills: which exist, which win their name, which are usable.
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
  // Names of skills; absent = all eligible ones, empty = none.
  std::optional<std::vector<std::string>> allowed{};
};

// Where to search, and the data to judge eligibility. Paths are absolute; empty = none.
struct SkillsRequest {
  std::vector<SkillsAgent> agents{};
  std::string home{};
  std::string managed{};  // <openclaw state>/skills
  config::SkillsConfig skills{};
  RequirementContext::Env env{};
  RequirementContext::Truthy truthy{};
};

// The request for `config`. Variables come from `getenv_fn` and the .env files. The result borrows
// nothing of `config`. Thread: any.
SkillsRequest skills_request(const config::Config& config, const std::filesystem::path& state_dir,
                             config::GetEnv getenv_fn);

// A root folder of skills. roots_of() lists them by precedence, the highest first.
struct SkillRoot {
  std::string path{};
  std::string label{};     // "workspace", "workspace-agents", "agents", "managed", "extra"
  std::string agent_id{};  // empty = for every agent
};
std::vector<SkillRoot> roots_of(const SkillsRequest& request);

// The skill of highest precedence among those of the same name, eligible or not.
struct Skill {
  pipeline::SkillReport
      report{};             // name, description, path, root, agent_id, eligible, reasons, ...
  std::string directory{};  // canonical; mounted in its agents' sandboxes
  std::vector<std::pair<std::string, std::string>> env{};  // for its agents' processes; secret
  Digest256 sha256{};                                      // of SKILL.md
};

// Immutable once it is made. Thread: any.
class SkillSet {
 public:
  // The skills of `agent_id`: eligible, allowed, and not hidden by one of the same name in its own
  // workspace. Sorted by name. Borrowed from the set.
  std::vector<const Skill*> for_agent(std::string_view agent_id) const;
  // All winners, sorted by (agent_id, name).
  const std::vector<Skill>& skills() const { return skills_; }
  const std::vector<pipeline::SkillFault>& faults() const { return faults_; }
  pipeline::SkillsReport report() const;
  // Counts up when the skills of any agent have changed: names, contents, places, variables.
  std::uint64_t version() const { return version_; }
  std::size_t looked_at() const { return looked_at_; }  // files that were found, winners or not
  std::size_t eligible() const;
  // Some files were not read in this scan (Pace::bounded): scan again.
  bool incomplete() const { return incomplete_; }
  // Folders to be watched: every folder that was searched; and the roots.
  const std::vector<std::string>& folders() const { return folders_; }
  const std::vector<SkillRoot>& roots() const { return roots_; }

  // Digest of everything that is reported.
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

// Scans; caches the parsed files and their faults by content digest, so that a further scan is
// cheap. Thread: one at a time.
class SkillScanner {
 public:
  enum class Pace : std::uint8_t {
    all_at_once,
    // Files that are not cached are read up to kSkillYamlBytesPerLookMax of YAML: shared by all
    // roots in workspaces, and for each other root. The rest are faults, and the set is
    // incomplete(); the next scan continues.
    bounded,
  };
  explicit SkillScanner(Pace pace = Pace::all_at_once) : pace_(pace) {}

  // Reads the file system only. The version is that of `before`, or one more; 1 without it.
  SkillSet scan(const SkillsRequest& request, const SkillSet* before);

 private:
  class Look;  // one scan
  using Files = std::map<Digest256, std::shared_ptr<const SkillFile>>;
  Pace pace_;
  Files files_{};  // cache of the last scan, by content digest
};

// One scan, for tools.
SkillSet scan(const SkillsRequest& request);

enum class SkillChangeKind : std::uint8_t { added, removed, changed };
struct SkillChange {
  std::string name{};
  std::string agent_id{};  // empty = for every agent
  SkillChangeKind kind{};
  Digest256 sha256{};  // unset if removed
};

// All changes among eligible winners, sorted by (agent_id, name). `before` null = all are added.
std::vector<SkillChange> differences(const SkillSet* before, const SkillSet& after);

// Builds a SkillsChanged event, with the first kSkillChangesMax changes. Finishes `builder`.
void build_skills_changed(const SkillSet& set, const std::vector<SkillChange>& changes,
                          flatbuffers::FlatBufferBuilder& builder);

}  // namespace spine::skills
