// SkillSet: roots, scanning, precedence, the skills of each agent, and differences of two sets.
#include "adapters/skills/skill_set.h"

#include <algorithm>
#include <array>
#include <compare>
#include <cstdlib>
#include <fmt/format.h>
#include <limits>
#include <tuple>

#include "adapters/skills/skill_file.h"
#include "adapters/skills/skill_folders.h"
#include "engine/config/source/environment.h"
#include "schemas/vocab/limits.h"
#include "schemas/vocab/show.h"
#include "schemas/vocab/siphash.h"

#include "event_generated.h"

namespace spine::skills {
namespace {

// Hashes texts with their lengths, so that no two lists of texts give the same bytes.
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

// True for numbers other than 0, texts that are not blank, true, lists and objects.
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

auto place_of(const Fault& fault) {
  return std::tie(fault.path, fault.line, fault.message);
}

const config::SkillEntryConfig* entry_of(const SkillsRequest& request, const std::string& key) {
  const auto at = std::ranges::find(request.skills.entries, key, &config::SkillEntryConfig::name);
  return at == request.skills.entries.end() ? nullptr : &*at;
}

// A reduced copy of an unusable file, to save memory in the cache.
std::shared_ptr<SkillFile> first_fault_of(const SkillFile& file) {
  auto out = std::make_shared<SkillFile>();
  out->name = file.name.substr(0, limits::kNameBytesMax);
  out->name_line = file.name_line;
  const auto error = std::ranges::find(file.faults, Weight::error, &Fault::weight);
  if (error != file.faults.end()) out->faults.push_back(*error);
  return out;
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
  std::size_t share{};                  // bytes of YAML that may still be read
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

constexpr std::array<std::string_view, 3> kWordsOfChanges{"added", "removed", "changed"};

}  // namespace

void SkillSet::take_digests() {
  given_ = digest_of_given(*this, agents_);
  shown_ = digest_of_shown(*this);
}

std::vector<const Skill*> SkillSet::for_agent(std::string_view agent_id) const {
  std::vector<const Skill*> out;
  const auto agent = std::ranges::find(agents_, agent_id, &SkillsAgent::id);
  if (agent == agents_.end()) return out;
  // skills_ is sorted by this.
  const auto place_of = [](const Skill& skill) {
    return std::pair<std::string_view, std::string_view>(skill.report.agent_id, skill.report.name);
  };
  for (const Skill& skill : skills_) {
    const pipeline::SkillReport& report = skill.report;
    if (!report.agent_id.empty() && report.agent_id != agent_id) continue;
    if (!report.eligible) continue;
    // Matched by name, not by key: a skill in a workspace may claim any key.
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
  config::Findings ignored;  // the configuration's reader has reported these
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

// One scan.
class SkillScanner::Look {
 public:
  Look(Pace pace, const Files& files, const SkillsRequest& request)
      : pace_(pace), files_(files), request_(request), ground_(request.env, request.truthy) {
    set_.agents_ = request.agents;
    set_.roots_ = roots_of(request);
    for (const SkillsAgent& agent : request.agents) {
      std::string real = agent.workspace.empty() ? std::string{} : real_path(agent.workspace);
      if (!real.empty()) workspaces_.push_back(std::move(real));
    }
  }

  // The result; `seen` gets the cache for the next scan. Call once.
  SkillSet take(Files& seen) {
    merge();
    set_.take_digests();
    seen = std::move(seen_);
    return std::move(set_);
  }

 private:
  // The parsed file; null, with a fault, if a bound of this scan is reached: an agent may keep
  // filling its workspace with files that are slow to read.
  std::shared_ptr<const SkillFile> file(const FoundSkill& found, const Digest256& sha256,
                                        std::size_t& share) {
    for (const Files* known : {&std::as_const(seen_), &files_}) {
      const auto old = known->find(sha256);
      if (old != known->end()) return old->second;
    }
    if (full_) {
      left_out(found.path);
      return nullptr;
    }
    const std::size_t cost = read_cost_of(found.text);
    if (cost > share) {
      set_.incomplete_ = true;
      fault({.path = found.path,
             .message = "not looked at this time: too many skills are new at once. It will be, "
                        "at the next look.",
             .weight = Weight::note});
      return nullptr;
    }
    share -= cost;
    auto file = std::make_shared<SkillFile>(read_skill_file(found.text));
    const bool spare = pace_ == Pace::bounded && faulty_bytes_ > limits::kSkillTextBytesAllMax / 2;
    return spare && !file->usable() ? first_fault_of(*file) : file;
  }

  void fault(Fault found) {
    if (set_.faults_.size() < limits::kSkillFaultsMax) set_.faults_.push_back(std::move(found));
  }
  void add_faults(std::vector<Fault> found, const std::string& path) {
    for (Fault& one : found) {
      one.path = path;
      fault(std::move(one));
    }
  }
  void left_out(const std::string& path) {
    fault({.path = path,
           .message = fmt::format("all skills together say more than {} of themselves; this one "
                                  "is left out.",
                                  show_bytes(limits::kSkillTextBytesAllMax))});
  }
  std::size_t share_of(const SkillRoot& place) const {
    if (pace_ == Pace::all_at_once) return std::numeric_limits<std::size_t>::max();
    if (place.agent_id.empty()) return limits::kSkillYamlBytesPerLookMax;
    const auto sharing = static_cast<std::size_t>(std::ranges::count_if(
        set_.roots_, [](const SkillRoot& root) { return !root.agent_id.empty(); }));
    // Budget for at least one file, or a scan might never make progress.
    return std::max(limits::kSkillYamlBytesPerLookMax / sharing, kReadCostMax);
  }

  const RootSkills& root(const SkillRoot& place) {
    const auto [at, fresh] = roots_.try_emplace(place.path);
    RootSkills& skills = at->second;
    if (!fresh) return skills;
    skills.share = share_of(place);
    RootWalk walk = walk_root(place.path, request_.skills.allow_symlinks,
                              [&](const FoundSkill& found) { look_at(found, skills); });
    for (Fault& found : walk.faults)
      fault(std::move(found));
    set_.folders_.insert(set_.folders_.end(), walk.folders.begin(), walk.folders.end());
    return skills;
  }

  // Whether an agent could have written it: it lies in a workspace, or in an agent's root.
  bool is_agents_own(const SkillRoot& place, const Candidate& candidate) const {
    return !place.agent_id.empty() ||
           std::ranges::any_of(workspaces_, [&candidate](const std::string& workspace) {
             return is_inside(candidate.directory, workspace) ||
                    is_inside(candidate.real_file, workspace);
           });
  }

  // A skill may claim any key, so an agent that writes one must not get another skill's secrets.
  SkillEntry entry_for(const SkillRoot& place, const Candidate& candidate) {
    const SkillFile& file = *candidate.file;
    SkillEntry entry{.config = entry_of(request_, file.key)};
    if (file.key == file.name || !is_agents_own(place, candidate)) return entry;
    entry.given = false;
    if (entry.config != nullptr && (!entry.config->api_key.empty() || !entry.config->env.empty())) {
      fault({.path = candidate.path,
             .line = file.name_line,
             .message = fmt::format(
                 "skillKey is \"{0}\", but a skill in a workspace is given what skills.entries "
                 "has under its own name only; remove skillKey, or move the skill out of the "
                 "workspace, to the folder skills beside openclaw.json.",
                 printable(file.key)),
             .weight = Weight::warning});
    }
    const config::SkillEntryConfig* own = entry_of(request_, file.name);
    if (own != nullptr && own->enabled == false) entry.config = own;
    return entry;
  }

  void look_at(const FoundSkill& found, RootSkills& out) {
    if (++set_.looked_at_ > limits::kSkillFilesMax) {
      return fault({.path = found.path,
                    .message = fmt::format("there may be {} skills in all folders; this one is "
                                           "left out.",
                                           limits::kSkillFilesMax)});
    }
    if (!found.readable) return;
    Candidate candidate{.sha256 = sha256_of(found.text),
                        .path = found.path,
                        .directory = found.directory,
                        .real_file = found.file};
    candidate.file = file(found, candidate.sha256, out.share);
    if (candidate.file == nullptr) return;
    std::vector<Fault> faults = candidate.file->faults;
    check_folder_name(*candidate.file, found.folder, faults);
    const bool usable = std::ranges::find(faults, Weight::error, &Fault::weight) == faults.end();
    add_faults(std::move(faults), found.path);
    const auto [known, fresh] = seen_.try_emplace(candidate.sha256, candidate.file);
    if (fresh && !fits(found.path, *candidate.file, usable ? seen_bytes_ : faulty_bytes_)) {
      seen_.erase(known);
      full_ = pace_ == Pace::bounded;
      return;
    }
    if (!usable) return;
    const auto same = std::ranges::find_if(out.candidates, [&](const Candidate& other) {
      return other.file->name == candidate.file->name;
    });
    if (same == out.candidates.end()) {
      out.candidates.push_back(std::move(candidate));
    } else if (same->directory != candidate.directory) {
      beaten(candidate, same->path, {});
    }
  }

  // Adds its size to `bytes`; false, with a fault, if that exceeds the bound.
  bool fits(const std::string& path, const SkillFile& file, std::size_t& bytes) {
    bytes += file.bytes();
    if (bytes <= limits::kSkillTextBytesAllMax) return true;
    bytes -= file.bytes();
    left_out(path);
    return false;
  }

  void add(const SkillRoot& root, const Candidate& candidate) {
    const SkillFile& file = *candidate.file;
    const auto [winner, fresh] =
        winners_.try_emplace({root.agent_id, file.name}, set_.skills_.size());
    if (!fresh) {
      const Skill& first = set_.skills_[winner->second];
      // No fault for the same skill found by another path.
      if (first.directory != candidate.directory) beaten(candidate, first.report.path, {});
      return;
    }
    if (set_.skills_.size() == limits::kSkillsMax) {
      winners_.erase(winner);
      return fault({.path = candidate.path,
                    .message = fmt::format("there may be {} skills in all; this one is left "
                                           "out.",
                                           limits::kSkillsMax)});
    }
    if (!fits(candidate.path, file, winner_bytes_)) {
      winners_.erase(winner);
      return;
    }
    const SkillEntry entry = entry_for(root, candidate);
    Skill skill{.report = file, .directory = candidate.directory};
    skill.report.path = candidate.path;
    skill.report.directory = candidate.directory;
    skill.report.root = root.label;
    skill.report.agent_id = root.agent_id;
    skill.sha256 = candidate.sha256;
    std::vector<Fault> faults;
    skill.env = variables_of(file, entry, faults);
    add_faults(std::move(faults), candidate.path);
    judge(file, entry, ground_, skill.report);
    set_.skills_.push_back(std::move(skill));
  }

  void merge() {
    // Shared roots first, so that agents' skills cannot use up their bounds. The order decides no
    // precedence: for_agent() lets a skill of a workspace hide a shared one.
    for (const bool of_agents : {false, true}) {
      for (const SkillRoot& place : set_.roots_) {
        if (place.agent_id.empty() == of_agents) continue;
        const RootSkills& found = root(place);
        for (const Candidate& candidate : found.candidates)
          add(place, candidate);
      }
    }
    note_hidden();
    winners_.clear();
    std::ranges::sort(set_.skills_, {}, place_in_order);
    std::ranges::sort(set_.folders_);
    set_.folders_.erase(std::unique(set_.folders_.begin(), set_.folders_.end()),
                        set_.folders_.end());
    std::ranges::sort(set_.faults_, {}, place_of);
    const auto same = [](const Fault& a, const Fault& b) { return place_of(a) == place_of(b); };
    set_.faults_.erase(std::unique(set_.faults_.begin(), set_.faults_.end(), same),
                       set_.faults_.end());
  }

  // Notes that `loser` is not used, as the skill at `winner` has precedence.
  void beaten(const Candidate& loser, const std::string& winner, std::string_view by_whom) {
    fault({.path = loser.path,
           .line = loser.file == nullptr ? 0 : loser.file->name_line,
           .message = fmt::format("not used{}: {} has the same name and comes first.", by_whom,
                                  printable(winner)),
           .weight = Weight::note});
  }

  // Notes shared skills that an agent's own skill of the same name hides.
  void note_hidden() {
    for (const Skill& own : set_.skills_) {
      if (own.report.agent_id.empty()) continue;
      const auto shared = winners_.find({std::string{}, own.report.name});
      if (shared == winners_.end()) continue;
      const Skill& hidden = set_.skills_[shared->second];
      if (hidden.directory == own.directory) continue;
      beaten({.path = hidden.report.path}, own.report.path,
             fmt::format(" by the agent {}", own.report.agent_id));
    }
  }

  const Pace pace_;
  const Files& files_;  // of the scan before
  const SkillsRequest& request_;
  RequirementContext ground_;
  SkillSet set_{};
  std::vector<std::string> workspaces_{};  // real paths
  Files seen_{};                           // of this scan, with faults or without
  std::size_t seen_bytes_{};               // of the texts of usable ones
  std::size_t faulty_bytes_{};             // of the others'
  bool full_{};                            // no more can be remembered
  std::size_t winner_bytes_{};             // of the winners' texts
  std::map<std::string, RootSkills> roots_{};
  std::map<std::pair<std::string, std::string>, std::size_t> winners_{};  // (agent, name)
};

SkillSet SkillScanner::scan(const SkillsRequest& request, const SkillSet* before) {
  Look look(pace_, files_, request);
  SkillSet set = look.take(files_);
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
    const auto order = now == is.size()    ? std::strong_ordering::less
                       : old == was.size() ? std::strong_ordering::greater
                                           : place_in_order(*was[old]) <=> place_in_order(*is[now]);
    if (order < 0) {
      out.push_back(change_of(*was[old++], SkillChangeKind::removed));
    } else if (order > 0) {
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
    const std::string_view word = kWordsOfChanges[static_cast<std::size_t>(change.kind)];
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
