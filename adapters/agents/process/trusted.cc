// Resolves paths link by link, as the kernel does, and checks where each link lies.
#include "adapters/agents/process/trusted.h"

#include <algorithm>
#include <filesystem>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>
#include <utility>

#include "schemas/vocab/limits.h"

namespace spine::agents {
namespace {

namespace fs = std::filesystem;

void add_place(Paths& places, const std::string& path) {
  if (std::string whole = canonical_path(path); !whole.empty()) places.push_back(std::move(whole));
}

// Pushes the components of `path` onto `left`, a stack of components still to be resolved.
void put_before(Paths& left, const fs::path& path) {
  Paths parts;
  for (const fs::path& part : path.relative_path())
    parts.push_back(part.string());
  left.insert(left.end(), parts.rbegin(), parts.rend());
}

bool is_owner_trusted(const struct stat& info) {
  return info.st_uid == 0 || info.st_uid == ::geteuid();
}

// Whether only trusted users can replace its entries; in a sticky folder only their owners can.
bool is_folder_trusted(const std::string& path, const SystemUser& agent) {
  struct stat info {};
  if (::lstat(path.c_str(), &info) != 0 || !is_owner_trusted(info)) return false;
  const bool is_open =
      (info.st_mode & S_IWOTH) != 0 || (agent.uid != ::geteuid() && user_may(agent, info, 2));
  return !is_open || (info.st_mode & S_ISVTX) != 0;
}

bool are_folders_trusted(const std::string& path, const SystemUser& agent) {
  for (fs::path at = fs::path(path).parent_path();; at = at.parent_path()) {
    if (!is_folder_trusted(at.string(), agent)) return false;
    if (at == at.root_path()) return true;
  }
}

}  // namespace

std::string canonical_path(const std::string& path) {
  std::error_code failed;
  const fs::path whole = fs::canonical(path, failed);
  return failed ? "" : whole.string();
}

Paths WritablePlaces::all() const {
  Paths places = own;
  places.insert(places.end(), others.begin(), others.end());
  return places;
}

WritablePlaces writable_places(const LaunchRequest& request) {
  WritablePlaces writable;
  const AgentPlaces& places = request.places;
  for (const std::string& path : {places.workspace, places.data_dir, places.home})
    add_place(writable.own, path);
  for (const std::string& path : request.agent.process.sandbox.write)
    add_place(writable.own, path);
  for (const std::string& path : request.gateway.other_workspaces)
    add_place(writable.others, path);
  add_place(writable.others, request.gateway.state_dir + "/agents");
  return writable;
}

bool is_within_any(const std::string& path, const Paths& places) {
  return std::ranges::any_of(places,
                             [&](const std::string& place) { return is_within(path, place); });
}

bool is_below_any(const std::string& path, const Paths& places) {
  return std::ranges::any_of(
      places, [&](const std::string& place) { return path != place && is_within(path, place); });
}

std::string trusted_path(const std::string& path, const Paths& writable) {
  if (!path.starts_with('/')) return "";
  Paths left;
  put_before(left, path);
  fs::path at = "/";
  std::uint32_t hops = 0;
  while (!left.empty()) {
    const std::string part = left.back();
    left.pop_back();
    if (part.empty() || part == ".") continue;
    if (part == "..") {
      at = at.parent_path();
      continue;
    }
    const fs::path next = at / part;
    struct stat info {};
    if (::lstat(next.c_str(), &info) != 0) return "";
    if (!S_ISLNK(info.st_mode)) {
      at = next;
      continue;
    }
    std::error_code failed;
    const fs::path target = fs::read_symlink(next, failed);
    if (failed || is_within_any(at.string(), writable)) return "";
    if (++hops > limits::kAgentLinkHopsMax) return "";
    if (target.is_absolute()) at = "/";
    put_before(left, target);
  }
  return at.string();
}

Paths trusted_chain(const std::string& path, const Paths& writable) {
  Paths chain;
  fs::path at = path;
  for (std::uint32_t hop = 0; hop < limits::kAgentLinkHopsMax; ++hop) {
    const fs::path folder = trusted_path(at.parent_path().string(), writable);
    if (folder.empty()) break;
    const fs::path here = folder / at.filename();
    chain.push_back(here.string());
    std::error_code failed;
    const fs::path target = fs::read_symlink(here, failed);
    if (failed || is_within_any(folder.string(), writable)) break;
    at = folder / target;
  }
  return chain;
}

bool may_be_run(const std::string& program, const Paths& writable, const SystemUser& agent) {
  const std::string file = trusted_path(program, writable);
  struct stat info {};
  if (file.empty() || ::lstat(file.c_str(), &info) != 0) return false;
  if (!S_ISREG(info.st_mode) || !is_owner_trusted(info)) return false;
  if ((info.st_mode & (S_IWGRP | S_IWOTH)) != 0) return false;
  const Paths chain = trusted_chain(program, writable);
  return std::ranges::all_of(chain, [&](const std::string& hop) {
    return !is_within_any(hop, writable) && are_folders_trusted(hop, agent);
  });
}

}  // namespace spine::agents
