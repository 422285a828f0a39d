// SkillSet: where skills are looked for and found, what each agent is given, and what has changed.
#include "adapters/skills/skill_set.h"

#include <algorithm>
#include <cstdlib>
#include <fmt/format.h>
#include <limits>
#include <memory>
#include <tuple>

#include "adapters/skills/skill_costs.h"
#include "adapters/skills/skill_folders.h"
#include "engine/config/environment.h"
#include "schemas/vocab/limits.h"
#include "schemas/vocab/show.h"
#include "schemas/vocab/siphash.h"

#include "event_generated.h"

namespace spine::skills {
namespace {

// Texts with their lengths, so that no two lists look alike.
class Digest {
 public:
  void add(std::string_view text) {
    add(text.size());
    bytes_ += text;
  }
  void add(std::size_t number) {
    bytes_.append(reinterpret_cast<const char*>(&number), sizeof number);
  }
  void add(const std::vector<std::string>& list) {
    add(list.size());
    for (const std::string& text : list)
      add(text);
  }
  void add(const Digest256& hash) {
    bytes_.append(reinterpret_cast<const char*>(hash.data()), hash.size());
  }
  Bits128 value() const { return siphash128(Bits128{}, as_bytes(bytes_)); }

 private:
  std::string bytes_{};
};

Bits128 digest_of_given(const SkillSet& set, const std::vector<SkillsAgent>& agents) {
  Digest digest;
  for (const SkillsAgent& agent : agents) {
    digest.add(agent.id);
    const std::vector<const Skill*> given = set.for_agent(agent.id);
    digest.add(given.size());
    for (const Skill* skill : given) {
      digest.add(skill->report.name);
      digest.add(skill->directory);
      digest.add(skill->sha256);
      digest.add(skill->env.size());
      for (const auto& [name, value] : skill->env) {
        digest.add(name);
        digest.add(value);
      }
    }
  }
  return digest.value();
}

Bits128 digest_of_shown(const SkillSet& set) {
  Digest digest;
  for (const Skill& skill : set.skills()) {
    digest.add(skill.report.name);
    digest.add(skill.report.agent_id);
    digest.add(skill.report.path);
    digest.add(skill.report.root);
    digest.add(skill.report.reasons);
    digest.add(skill.report.missing_any_bins);
    digest.add(skill.sha256);
  }
  for (const Fault& fault : set.faults()) {
    digest.add(fault.path);
    digest.add(fault.line);
    digest.add(fault.message);
  }
  return digest.value();
}

// Numbers other than 0, texts that are not blank, true, lists and objects.
bool is_truthy_json(std::string_view json) {
  if (json.empty() || json == "null" || json == "false") return false;
  if (json.front() == '"') {
    const std::string_view inside = json.substr(1, json.size() - 2);
    return inside.find_first_not_of(" \t") != std::string_view::npos;
  }
  const bool number = json.front() == '-' || (json.front() >= '0' && json.front() <= '9');
  return !number || std::strtod(std::string(json).c_str(), nullptr) != 0;
}

std::string folder_of(const std::string& base, std::string_view below) {
  return base.empty() ? std::string{} : base + "/" + std::string(below);
}

bool by_place(const Fault& a, const Fault& b) {
  return std::tie(a.path, a.line, a.message) < std::tie(b.path, b.line, b.message);
}

const config::SkillEntryConfig* entry_of(const SkillsRequest& request, const std::string& key) {
  const auto at = std::ranges::find(request.skills.entries, key, &config::SkillEntryConfig::name);
  return at == request.skills.entries.end() ? nullptr : &*at;
}

pipeline::SkillReport report_of(const SkillFile& file) {
  pipeline::SkillReport report;
  report.name = file.name;
  report.description = file.description;
  report.emoji = file.emoji;
  report.homepage = file.homepage;
  report.primary_env = file.primary_env;
  report.model_invocable = file.model_invocable;
  report.user_invocable = file.user_invocable;
  report.always = file.always;
  report.key = file.key;
  report.bins = file.bins;
  report.any_bins = file.any_bins;
  report.env = file.env;
  report.config = file.config;
  report.os = file.os;
  report.install = file.install;
  return report;
}

// A usable skill of one root, before it is known who wins.
struct Candidate {
  std::shared_ptr<const SkillFile> file{};
  Digest256 sha256{};
  std::string path{};
  std::string directory{};
  std::string real_file{};
};

struct RootSkills {
  std::vector<Candidate> candidates{};  // each name once
  std::size_t share{};                  // bytes of YAML that may still be read anew
};

using Eligible = std::vector<const Skill*>;

Eligible eligible_of(const SkillSet* set) {
  Eligible out;
  if (set == nullptr) return out;
  for (const Skill& skill : set->skills()) {
    if (skill.report.eligible) out.push_back(&skill);
  }
  return out;
}

auto place_in_order(const Skill& skill) {
  return std::tie(skill.report.agent_id, skill.report.name);
}

SkillChange change_of(const Skill& skill, SkillChangeKind kind) {
  return {.name = skill.report.name,
          .agent_id = skill.report.agent_id,
          .kind = kind,
          .sha256 = skill.sha256};
}

std::string_view word_of(SkillChangeKind kind) {
  switch (kind) {
    case SkillChangeKind::added:
      return "added";
    case SkillChangeKind::removed:
      return "removed";
    case SkillChangeKind::changed:
      break;
  }
  return "changed";
}

}  // namespace

void SkillSet::take_digests() {
  given_ = digest_of_given(*this, agents_);
  shown_ = digest_of_shown(*this);
}

std::vector<const Skill*> SkillSet::for_agent(std::string_view agent_id) const {
  std::vector<const Skill*> out;
  const auto agent = std::ranges::find(agents_, agent_id, &SkillsAgent::id);
  if (agent == agents_.end()) return out;
  // skills_ is in this order.
  const auto place_of = [](const Skill& skill) {
    return std::pair<std::string_view, std::string_view>(skill.report.agent_id, skill.report.name);
  };
  for (const Skill& skill : skills_) {
    const pipeline::SkillReport& report = skill.report;
    if (!report.agent_id.empty() && report.agent_id != agent_id) continue;
    if (!report.eligible) continue;
    // By name alone: a skill in a workspace gives itself whatever key it likes.
    if (agent->allowed &&
        std::ranges::find(*agent->allowed, report.name) == agent->allowed->end()) {
      continue;
    }
    const bool hidden =
        report.agent_id.empty() &&
        std::ranges::binary_search(skills_, std::pair(agent_id, std::string_view(report.name)), {},
                                   place_of);
    if (!hidden) out.push_back(&skill);
  }
  std::ranges::sort(out, {}, [](const Skill* skill) { return skill->report.name; });
  return out;
}

std::size_t SkillSet::eligible() const {
  return static_cast<std::size_t>(
      std::ranges::count_if(skills_, [](const Skill& skill) { return skill.report.eligible; }));
}

pipeline::SkillsReport SkillSet::report() const {
  pipeline::SkillsReport out{.version = version_, .faults = faults_};
  for (const Skill& skill : skills_)
    out.skills.push_back(skill.report);
  return out;
}

SkillsRequest skills_request(const config::Config& config, const std::filesystem::path& state_dir,
                             config::GetEnv getenv_fn) {
  SkillsRequest request;
  config::Findings ignored;  // the configuration was read with the same files, and said so
  const auto environment =
      std::make_shared<const config::Environment>(getenv_fn, config.path, ignored);
  request.home = environment->home().string();
  std::error_code code;
  const std::filesystem::path file = std::filesystem::absolute(config.path, code);
  request.managed = ((code ? config.path : file).parent_path() / "skills").string();
  request.skills = config.skills;
  request.env = [environment](const char* name) { return environment->find(name); };
  const auto shown = std::make_shared<config::Config>();
  shown->redacted_json = config.redacted_json;
  shown->port = config.port;
  request.truthy = [shown](std::string_view path) {
    const auto value = config::get_path(*shown, path);
    return value && is_truthy_json(*value);
  };
  for (const config::AgentConfig& agent : config.agents) {
    request.agents.push_back(
        {.id = agent.id,
         .workspace = agent.workspace.empty()
                          ? (state_dir / "agents" / agent.id / "workspace").string()
                          : agent.workspace,
         .allowed = agent.skills});
  }
  return request;
}

std::vector<SkillRoot> roots_of(const SkillsRequest& request) {
  std::vector<SkillRoot> roots;
  const auto add = [&roots](std::string path, std::string_view label, std::string_view agent) {
    if (path.empty()) return;
    while (path.size() > 1 && path.ends_with('/'))
      path.pop_back();
    roots.push_back({std::move(path), std::string(label), std::string(agent)});
  };
  for (const SkillsAgent& agent : request.agents) {
    add(folder_of(agent.workspace, "skills"), "workspace", agent.id);
    add(folder_of(agent.workspace, ".agents/skills"), "workspace-agents", agent.id);
  }
  add(folder_of(request.home, ".agents/skills"), "agents", {});
  add(request.managed, "managed", {});
  for (const std::string& folder : request.skills.extra_dirs)
    add(folder, "extra", {});
  return roots;
}

struct SkillScanner::Known {
  using Files = std::map<Digest256, std::shared_ptr<const SkillFile>>;

  explicit Known(Pace how) : pace(how) {}

  // What it says; null, and the fault is said, when it is not read this time.
  std::shared_ptr<const SkillFile> file(const FoundSkill& found, const Digest256& sha256,
                                        std::size_t& share, SkillSet& set);
  void fault(SkillSet& set, Fault found) const;
  void left_out(const std::string& path, SkillSet& set) const;
  std::size_t share_of(const SkillRoot& place, const SkillSet& set) const;
  const RootSkills& root(const SkillRoot& place, const SkillsRequest& request, SkillSet& set);
  // Whether an agent could have written it, where it lies or by way of its root.
  bool is_agents_own(const SkillRoot& place, const Candidate& candidate) const;
  SkillEntry entry_for(const SkillRoot& place, const Candidate& candidate,
                       const SkillsRequest& request, SkillSet& set) const;
  void look_at(const FoundSkill& found, RootSkills& out, SkillSet& set);
  // Whether what it says still fits; the fault is said when not.
  bool fits(const std::string& path, const SkillFile& file, std::size_t& bytes, SkillSet& set);
  void add(const SkillRoot& root, const Candidate& candidate, const SkillsRequest& request,
           Ground& ground, SkillSet& set);
  void merge(const SkillsRequest& request, Ground& ground, SkillSet& set);

  // That it is not used, unless it is the same skill by another way.
  void beaten(const Candidate& loser, const Skill& winner, std::string_view by_whom, SkillSet& set);
  void note_hidden(SkillSet& set);

  const Pace pace;
  std::vector<std::string> workspaces{};  // real paths
  Files files{};                          // of the scan before
  Files seen{};                           // of this scan, with faults or without
  std::size_t seen_bytes{};               // of the texts of usable ones
  std::size_t faulty_bytes{};             // of the others'
  bool full{};                            // no more can be remembered
  std::size_t winner_bytes{};             // of the winners' texts
  std::map<std::string, RootSkills> roots{};
  std::map<std::pair<std::string, std::string>, std::size_t> winners{};  // (agent, name)
};

void SkillScanner::Known::fault(SkillSet& set, Fault found) const {
  if (set.faults_.size() < limits::kSkillFaultsMax) set.faults_.push_back(std::move(found));
}

bool SkillScanner::Known::fits(const std::string& path, const SkillFile& file, std::size_t& bytes,
                               SkillSet& set) {
  bytes += bytes_of(file);
  if (bytes <= limits::kSkillTextBytesAllMax) return true;
  bytes -= bytes_of(file);
  left_out(path, set);
  return false;
}

void SkillScanner::Known::left_out(const std::string& path, SkillSet& set) const {
  fault(set, {.path = path,
              .message = fmt::format("all skills together say more than {} of themselves; this one "
                                     "is left out.",
                                     show_bytes(limits::kSkillTextBytesAllMax))});
}

// An agent may write its workspace full of what is slow to read, and go on doing so.
std::shared_ptr<const SkillFile> SkillScanner::Known::file(const FoundSkill& found,
                                                           const Digest256& sha256,
                                                           std::size_t& share, SkillSet& set) {
  for (const Files* known : {&seen, &files}) {
    const auto old = known->find(sha256);
    if (old != known->end()) return old->second;
  }
  if (full) {
    left_out(found.path, set);
    return nullptr;
  }
  const std::size_t cost = read_cost_of(found.text);
  if (cost > share) {
    set.incomplete_ = true;
    fault(set, {.path = found.path,
                .message = "not looked at this time: too many skills are new at once. It will be, "
                           "at the next look.",
                .weight = Weight::note});
    return nullptr;
  }
  share -= cost;
  auto file = std::make_shared<SkillFile>(read_skill_file(found.text));
  const bool spare = pace == Pace::bounded && faulty_bytes > limits::kSkillTextBytesAllMax / 2;
  return spare && !file->usable() ? first_fault_of(*file) : file;
}

std::size_t SkillScanner::Known::share_of(const SkillRoot& place, const SkillSet& set) const {
  if (pace == Pace::all_at_once) return std::numeric_limits<std::size_t>::max();
  if (place.agent_id.empty()) return limits::kSkillYamlBytesPerLookMax;
  const auto sharing = static_cast<std::size_t>(std::ranges::count_if(
      set.roots_, [](const SkillRoot& root) { return !root.agent_id.empty(); }));
  // Room for one file at least, or nothing would ever be read.
  return std::max(limits::kSkillYamlBytesPerLookMax / sharing, kReadCostMax);
}

void SkillScanner::Known::look_at(const FoundSkill& found, RootSkills& out, SkillSet& set) {
  if (++set.looked_at_ > limits::kSkillFilesMax) {
    return fault(set, {.path = found.path,
                       .message = fmt::format("there may be {} skills in all folders; this one is "
                                              "left out.",
                                              limits::kSkillFilesMax)});
  }
  if (!found.readable) return;
  Candidate candidate{.sha256 = sha256_of(found.text),
                      .path = found.path,
                      .directory = found.directory,
                      .real_file = found.file};
  candidate.file = file(found, candidate.sha256, out.share, set);
  if (candidate.file == nullptr) return;
  std::vector<Fault> faults = candidate.file->faults;
  check_folder_name(*candidate.file, found.folder, faults);
  const bool usable = std::ranges::find(faults, Weight::error, &Fault::weight) == faults.end();
  for (Fault& one : faults) {
    one.path = found.path;
    fault(set, std::move(one));
  }
  const auto [known, fresh] = seen.try_emplace(candidate.sha256, candidate.file);
  if (fresh && !fits(found.path, *candidate.file, usable ? seen_bytes : faulty_bytes, set)) {
    seen.erase(known);
    full = pace == Pace::bounded;
    return;
  }
  if (!usable) return;
  const auto same = std::ranges::find_if(out.candidates, [&](const Candidate& other) {
    return other.file->name == candidate.file->name;
  });
  if (same == out.candidates.end()) {
    out.candidates.push_back(std::move(candidate));
  } else if (same->directory != candidate.directory) {
    fault(set, {.path = candidate.path,
                .line = candidate.file->name_line,
                .message = fmt::format("not used: {} has the same name and comes first.",
                                       printable(same->path)),
                .weight = Weight::note});
  }
}

const RootSkills& SkillScanner::Known::root(const SkillRoot& place, const SkillsRequest& request,
                                            SkillSet& set) {
  const auto [at, fresh] = roots.try_emplace(place.path);
  RootSkills& skills = at->second;
  if (!fresh) return skills;
  skills.share = share_of(place, set);
  RootWalk walk = walk_root(place.path, request.skills.allow_symlinks,
                            [&](const FoundSkill& found) { look_at(found, skills, set); });
  for (Fault& found : walk.faults)
    fault(set, std::move(found));
  set.folders_.insert(set.folders_.end(), walk.folders.begin(), walk.folders.end());
  return skills;
}

bool SkillScanner::Known::is_agents_own(const SkillRoot& place, const Candidate& candidate) const {
  return !place.agent_id.empty() ||
         std::ranges::any_of(workspaces, [&candidate](const std::string& workspace) {
           return is_inside(candidate.directory, workspace) ||
                  is_inside(candidate.real_file, workspace);
         });
}

// A skill may call itself by any key: whoever can write one would get the secrets of all others.
SkillEntry SkillScanner::Known::entry_for(const SkillRoot& place, const Candidate& candidate,
                                          const SkillsRequest& request, SkillSet& set) const {
  const SkillFile& file = *candidate.file;
  SkillEntry entry{.config = entry_of(request, file.key)};
  if (file.key == file.name || !is_agents_own(place, candidate)) return entry;
  entry.given = false;
  if (entry.config != nullptr && (!entry.config->api_key.empty() || !entry.config->env.empty())) {
    fault(set, {.path = candidate.path,
                .line = file.name_line,
                .message = fmt::format(
                    "skillKey is \"{0}\", but a skill in a workspace is given what skills.entries "
                    "has under its own name only; remove skillKey, or move the skill out of the "
                    "workspace, to the folder skills beside openclaw.json.",
                    printable(file.key)),
                .weight = Weight::warning});
  }
  const config::SkillEntryConfig* own = entry_of(request, file.name);
  if (own != nullptr && own->enabled == false) entry.config = own;
  return entry;
}

void SkillScanner::Known::add(const SkillRoot& root, const Candidate& candidate,
                              const SkillsRequest& request, Ground& ground, SkillSet& set) {
  const SkillFile& file = *candidate.file;
  const auto [winner, fresh] = winners.try_emplace({root.agent_id, file.name}, set.skills_.size());
  if (!fresh) return beaten(candidate, set.skills_[winner->second], {}, set);
  if (set.skills_.size() == limits::kSkillsMax) {
    winners.erase(winner);
    return fault(set, {.path = candidate.path,
                       .message = fmt::format("there may be {} skills in all; this one is left "
                                              "out.",
                                              limits::kSkillsMax)});
  }
  if (!fits(candidate.path, file, winner_bytes, set)) {
    winners.erase(winner);
    return;
  }
  const SkillEntry entry = entry_for(root, candidate, request, set);
  Skill skill{.report = report_of(file), .directory = candidate.directory};
  skill.report.path = candidate.path;
  skill.report.directory = candidate.directory;
  skill.report.root = root.label;
  skill.report.agent_id = root.agent_id;
  skill.sha256 = candidate.sha256;
  std::vector<Fault> faults;
  skill.env = variables_of(file, entry, faults);
  for (Fault& one : faults) {
    one.path = candidate.path;
    fault(set, std::move(one));
  }
  judge(file, entry, ground, skill.report);
  set.skills_.push_back(std::move(skill));
}

void SkillScanner::Known::beaten(const Candidate& loser, const Skill& winner,
                                 std::string_view by_whom, SkillSet& set) {
  if (winner.directory == loser.directory) return;
  fault(set, {.path = loser.path,
              .line = loser.file == nullptr ? 0 : loser.file->name_line,
              .message = fmt::format("not used{}: {} has the same name and comes first.", by_whom,
                                     printable(winner.report.path)),
              .weight = Weight::note});
}

// Skills for everybody that an agent's workspace has its own of.
void SkillScanner::Known::note_hidden(SkillSet& set) {
  for (const Skill& own : set.skills_) {
    if (own.report.agent_id.empty()) continue;
    const auto shared = winners.find({std::string{}, own.report.name});
    if (shared == winners.end()) continue;
    const Skill& hidden = set.skills_[shared->second];
    beaten({.path = hidden.report.path, .directory = hidden.directory}, own,
           fmt::format(" by the agent {}", own.report.agent_id), set);
  }
}

void SkillScanner::Known::merge(const SkillsRequest& request, Ground& ground, SkillSet& set) {
  // First what no agent writes, so that no agent can use up its room. Who wins does not depend on
  // it: a skill of a workspace hides another only when they are handed out.
  for (const bool of_agents : {false, true}) {
    for (const SkillRoot& place : set.roots_) {
      if (place.agent_id.empty() == of_agents) continue;
      const RootSkills& found = root(place, request, set);
      for (const Candidate& candidate : found.candidates)
        add(place, candidate, request, ground, set);
    }
  }
  note_hidden(set);
  winners.clear();
  std::ranges::sort(set.skills_, [](const Skill& a, const Skill& b) {
    return std::tie(a.report.agent_id, a.report.name) < std::tie(b.report.agent_id, b.report.name);
  });
  std::ranges::sort(set.folders_);
  set.folders_.erase(std::unique(set.folders_.begin(), set.folders_.end()), set.folders_.end());
  std::ranges::sort(set.faults_, by_place);
  const auto same = [](const Fault& a, const Fault& b) {
    return !by_place(a, b) && !by_place(b, a);
  };
  set.faults_.erase(std::unique(set.faults_.begin(), set.faults_.end(), same), set.faults_.end());
}

SkillScanner::SkillScanner(Pace pace) : known_(std::make_unique<Known>(pace)) {}
SkillScanner::~SkillScanner() = default;

SkillSet SkillScanner::scan(const SkillsRequest& request, const SkillSet* before) {
  SkillSet set;
  set.agents_ = request.agents;
  set.roots_ = roots_of(request);
  Ground ground(request.env, request.truthy);
  known_->workspaces.clear();
  for (const SkillsAgent& agent : request.agents) {
    std::string real = agent.workspace.empty() ? std::string{} : real_path(agent.workspace);
    if (!real.empty()) known_->workspaces.push_back(std::move(real));
  }
  known_->merge(request, ground, set);
  known_->files = std::move(known_->seen);
  known_->seen.clear();
  known_->seen_bytes = 0;
  known_->faulty_bytes = 0;
  known_->full = false;
  known_->winner_bytes = 0;
  known_->roots.clear();
  set.take_digests();
  set.version_ = before == nullptr ? 1 : before->version_ + (before->given_ == set.given_ ? 0 : 1);
  return set;
}

SkillSet scan(const SkillsRequest& request) {
  return SkillScanner().scan(request, nullptr);
}

std::vector<SkillChange> differences(const SkillSet* before, const SkillSet& after) {
  const Eligible was = eligible_of(before);
  const Eligible is = eligible_of(&after);
  std::vector<SkillChange> out;
  std::size_t old = 0;
  std::size_t now = 0;
  while (old < was.size() || now < is.size()) {
    const bool gone = now == is.size() ||
                      (old < was.size() && place_in_order(*was[old]) < place_in_order(*is[now]));
    const bool fresh = old == was.size() ||
                       (now < is.size() && place_in_order(*is[now]) < place_in_order(*was[old]));
    if (gone) {
      out.push_back(change_of(*was[old++], SkillChangeKind::removed));
    } else if (fresh) {
      out.push_back(change_of(*is[now++], SkillChangeKind::added));
    } else {
      const Skill& a = *was[old++];
      const Skill& b = *is[now++];
      if (a.sha256 == b.sha256 && a.directory == b.directory) continue;
      out.push_back(change_of(b, SkillChangeKind::changed));
    }
  }
  return out;
}

void build_skills_changed(const SkillSet& set, const std::vector<SkillChange>& changes,
                          flatbuffers::FlatBufferBuilder& builder) {
  std::vector<flatbuffers::Offset<fb::SkillChange>> rows;
  for (std::size_t i = 0; i < std::min(changes.size(), limits::kSkillChangesMax); ++i) {
    const SkillChange& change = changes[i];
    const std::string_view word = word_of(change.kind);
    const auto sha256 =
        change.kind == SkillChangeKind::removed
            ? flatbuffers::Offset<flatbuffers::Vector<std::uint8_t>>()
            : builder.CreateVector(reinterpret_cast<const std::uint8_t*>(change.sha256.data()),
                                   change.sha256.size());
    rows.push_back(fb::CreateSkillChange(builder, builder.CreateString(change.name),
                                         builder.CreateString(change.agent_id),
                                         builder.CreateString(word.data(), word.size()), sha256));
  }
  const auto list = builder.CreateVector(rows);
  builder.Finish(fb::CreateSkillsChanged(builder, set.version(),
                                         static_cast<std::uint32_t>(set.eligible()), list));
}

}  // namespace spine::skills
