// NeededPlaces: what an agent has to be shown so that it runs: programs with what they use, and
// what the configuration names.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "adapters/agents/process/hidden_places.h"
#include "adapters/agents/process/mount_plan.h"
#include "adapters/agents/process/trusted.h"

namespace spine::agents {

// A prefix is the folder a tool was installed into. It is never shown whole: tools keep what opens
// accounts beside their programs (~/.x/bin and ~/.x/credentials.json, ~/.gem/credentials,
// ~/.local/share/keyrings), so a rule that says "all of the prefix but what is known to be secret"
// is wrong the day the next tool comes.

// Whether the name of the folder (of a PATH) says that its programs use what lies beside it.
bool is_folder_of_programs(const std::string& folder);

// Whether more than one program's own files may lie in it: a tool's folder with its bin, a folder
// of settings or of data, anything whose name begins with a dot.
bool is_prefix(const std::string& folder);

// What of `prefix` programs need, with absolute paths: bin, lib*, libexec; and, unless `is_home`,
// where version managers and languages of a known layout keep what they run. Only what is there.
std::vector<std::string> program_parts(const std::string& prefix, bool is_home);

// The package of a node program: the folder of the program, or the one above it, with a
// package.json and without being a prefix for other reasons; "" = none.
std::string node_package_of(const std::string& program);

class NeededPlaces {
 public:
  // Both outlive it.
  NeededPlaces(const HiddenPlaces& hidden, const WritablePlaces& writable)
      : hidden_(hidden), writable_(writable), bent_(writable.all()) {}

  // A program, the links that lead to it, and what it is run with. `path`: the agent's PATH.
  void add_what_is_run(const std::string& program, std::string_view path, const std::string& why);
  // A folder of a PATH, with what lies beside it.
  void add_folder_of_programs(const std::string& folder, const std::string& why);
  // An argument that the configuration names: a script, or a file for the agent to read.
  void add_argument(const std::string& arg, std::string_view path);
  void add_configured(MountKind kind, const std::string& path, const std::string& why);
  void add_skill(const std::string& folder);
  // A file or folder as it is; what agents can write is no source.
  void add(const std::string& path, const std::string& why);

  // What is above comes first; where one path is wanted twice, writable wins.
  std::vector<Mount> sorted() const;

 private:
  void add_link(const std::string& path, const std::string& why);
  void add_parts(const std::string& prefix, const std::string& why);
  void add_programs_in(const std::string& folder, const std::string& why);
  void add_program(const std::string& path, bool is_file, const std::string& why);

  const HiddenPlaces& hidden_;
  const WritablePlaces& writable_;
  Paths bent_;  // links in there are some agent's
  std::vector<Mount> mounts_{};
};

}  // namespace spine::agents
