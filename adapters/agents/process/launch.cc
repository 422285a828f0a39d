// prepare_launch: finds the command; builds its environment (an allow list, then variables of the
// configuration, then those of skills) and its wrappers.
#include "adapters/agents/process/launch.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>
#include <fmt/format.h>
#include <optional>
#include <string_view>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>

#include "adapters/agents/process/agent_view.h"
#include "adapters/agents/process/node_version.h"
#include "adapters/agents/process/orphans.h"
#include "adapters/agents/process/program.h"
#include "adapters/agents/process/sandbox.h"
#include "adapters/agents/process/spawn.h"
#include "adapters/agents/process/trusted.h"
#include "adapters/agents/process/users.h"
#include "schemas/vocab/ascii.h"
#include "schemas/vocab/show.h"

namespace spine::agents {
namespace {

constexpr std::string_view kUsualPath =
    "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

constexpr std::array<std::string_view, 14> kPassedOn{"PATH",
                                                     "LANG",
                                                     "LANGUAGE",
                                                     "TZ",
                                                     "http_proxy",
                                                     "https_proxy",
                                                     "no_proxy",
                                                     "all_proxy",
                                                     "HTTP_PROXY",
                                                     "HTTPS_PROXY",
                                                     "NO_PROXY",
                                                     "ALL_PROXY",
                                                     "NODE_EXTRA_CA_CERTS",
                                                     "SSL_CERT_FILE"};

// Credentials of the gateway itself.
constexpr std::array<std::string_view, 4> kNever{
    "OPENCLAW_GATEWAY_TOKEN", "OPENCLAW_GATEWAY_PASSWORD", "SPINE_GATEWAY_TOKEN", kOwnerVariable};

bool is_listed(const auto& list, std::string_view name) {
  return std::ranges::find(list, name) != list.end();
}

bool is_variable_name(std::string_view name) {
  return is_plain(name, "_") && !is_digit(name[0]);
}

// Variables in the order they were first set.
class Variables {
 public:
  void set(std::string_view name, std::string_view value) {
    for (std::string& entry : entries_) {
      if (entry.size() > name.size() && entry.starts_with(name) && entry[name.size()] == '=') {
        entry = fmt::format("{}={}", name, value);
        return;
      }
    }
    entries_.push_back(fmt::format("{}={}", name, value));
  }
  bool has(std::string_view name) const {
    return std::ranges::any_of(entries_, [name](const std::string& entry) {
      return entry.size() > name.size() && entry.starts_with(name) && entry[name.size()] == '=';
    });
  }
  std::vector<std::string> take() { return std::move(entries_); }

 private:
  std::vector<std::string> entries_{};
};

void set_from_gateway(Variables& variables) {
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view text(*entry);
    const std::size_t equals = text.find('=');
    if (equals == std::string_view::npos) continue;
    const std::string_view name = text.substr(0, equals);
    if (is_listed(kPassedOn, name) || name == "SSL_CERT_DIR" || name.starts_with("LC_")) {
      variables.set(name, text.substr(equals + 1));
    }
  }
  if (!variables.has("PATH")) variables.set("PATH", kUsualPath);
}

void set_own(Variables& variables, const LaunchRequest& request, const std::string& user_name) {
  const std::string& home = request.places.home;
  variables.set("HOME", home);
  variables.set("USER", user_name);
  variables.set("LOGNAME", user_name);
  variables.set("TERM", "dumb");
  variables.set("TMPDIR", "/tmp");
  variables.set("XDG_CONFIG_HOME", home + "/.config");
  variables.set("XDG_CACHE_HOME", home + "/.cache");
  variables.set("XDG_DATA_HOME", home + "/.local/share");
  variables.set("XDG_STATE_HOME", home + "/.local/state");
}

// Why an agent cannot get a variable of that name; nothing = it can.
std::optional<std::string> why_not(std::string_view name, bool is_root) {
  if (!is_variable_name(name)) return "that is no name of a variable";
  if (is_listed(kNever, name)) return "it belongs to the gateway and agents never get it";
  // The dynamic loader obeys LD_* also in setpriv and bwrap, which a root gateway starts as root.
  if (is_root && name.starts_with("LD_")) {
    return "the gateway is root, and the programs that take root's rights from the agent would "
           "load it too; put it into a wrapper script, or run the gateway as another user";
  }
  return std::nullopt;
}

std::string who(const LaunchRequest& request) {
  return request.who.empty() ? fmt::format("Agent {}", printable(request.agent.id)) : request.who;
}

std::string full_key(const LaunchRequest& request, std::string_view key) {
  if (!request.keys.empty()) return fmt::format("{}{}", request.keys, key);
  return fmt::format("agents.entries.{}.spine.{}", printable(request.agent.id), key);
}

Error cannot_get(const LaunchRequest& request, std::string_view key, std::string_view name,
                 std::string_view reason) {
  return {Errc::invalid_argument,
          fmt::format("{}: {} names {}: {}.", who(request),
                      request.keys.empty() ? fmt::format("spine.{}", key) : full_key(request, key),
                      printable(name), reason)};
}

using config::Separation;

// The chosen means of separation, and the user the agent runs as.
struct Separated {
  Separation how{};  // never automatic
  SystemUser user{};
};

Error not_possible(const LaunchRequest& request, std::string_view reason) {
  return {Errc::invalid_argument, fmt::format("{}: {}", who(request), reason)};
}

Result<Separated> choose_as_root(const LaunchRequest& request, Separation asked) {
  const SeparationMeans& means = request.means;
  if (asked == Separation::none) {
    return not_possible(request,
                        "spine.sandbox.mode is none, and the gateway is root: agents never "
                        "run as root. Ask for bubblewrap or user, or run the gateway as another "
                        "user.");
  }
  SPINE_TRY(SystemUser user, find_user(request.agent.process.sandbox.user));
  const bool has_bubblewrap = !means.bubblewrap.empty() && !means.setpriv.empty();
  if (asked != Separation::user && has_bubblewrap) {
    return Separated{Separation::bubblewrap, std::move(user)};
  }
  if (asked == Separation::bubblewrap) {
    return not_possible(request, fmt::format("it is to run in bubblewrap. {}.", means.why_not));
  }
  if (means.setpriv.empty()) {
    return not_possible(request,
                        "the gateway is root and setpriv, which gives root's rights away, is not "
                        "installed: agents never run as root. Run: apt-get install util-linux");
  }
  return Separated{Separation::user, std::move(user)};
}

Result<Separated> choose(const LaunchRequest& request) {
  const Separation asked = request.agent.process.sandbox.separation;
  if (request.means.is_root) return choose_as_root(request, asked);
  if (asked == Separation::user) {
    return not_possible(request,
                        "spine.sandbox.mode is user, and only a gateway that is root can "
                        "give an agent another user. Ask for bubblewrap, or run it as root.");
  }
  if (asked != Separation::none && !request.means.bubblewrap.empty()) {
    return Separated{Separation::bubblewrap, current_user()};
  }
  if (asked == Separation::bubblewrap) {
    return not_possible(request,
                        fmt::format("it is to run in bubblewrap. {}.", request.means.why_not));
  }
  return Separated{Separation::none, current_user()};
}

std::string working_directory(const LaunchRequest& request) {
  const std::string& cwd = request.agent.process.cwd;
  return cwd.empty() ? request.places.workspace : cwd;
}

// The path of the command; symbolic links are not resolved.
Result<std::string> find_command(const LaunchRequest& request,
                                 const std::vector<std::string>& env) {
  const std::string& name = request.command_line.at(0);
  const std::string_view path = value_in(env, "PATH");
  std::string program = find_program(name, path, working_directory(request));
  if (!program.empty()) return program;
  if (const std::string why = why_none_found(name, path, working_directory(request));
      !why.empty()) {
    return Error{Errc::not_found, fmt::format("{}: its program {}.", who(request), why)};
  }
  if (name.find('/') != std::string::npos) {
    return Error{Errc::not_found,
                 fmt::format("{}: there is no program {}. Install it, or correct {}.", who(request),
                             printable(name), full_key(request, "command"))};
  }
  return Error{
      Errc::not_found,
      fmt::format("{}: the command {} is not on the {}'s PATH ({}). Install it, name its "
                  "full path in {}, or put its folder into {}.",
                  who(request), printable(name), request.who.empty() ? "agent" : "program",
                  printable(path), full_key(request, "command"), full_key(request, "env.PATH"))};
}

// Whether the agent's user can reach `path`, e.g. its program. `plan`: null = no sandbox.
Status check_reachable(const LaunchRequest& request, const SystemUser& user,
                       const std::string& path, const MountPlan* plan) {
  const Mount* mount = plan == nullptr ? nullptr : plan->decider(path);
  const bool shown = mount != nullptr && plan->is_visible(path);
  const std::string closed = first_closed_above(user, path, shown ? mount->path : "/");
  if (closed.empty()) return ok();
  return not_possible(
      request, fmt::format("it runs as {}, who cannot reach {}: {} is closed to that user. "
                           "Open it (chmod o+x), move what the agent needs elsewhere{}, or "
                           "name another user in spine.sandbox.user.",
                           user.name, printable(path), printable(closed),
                           plan == nullptr ? " (--state-dir, workspace), install bubblewrap" : ""));
}

Status check_program(const LaunchRequest& request, const SystemUser& user,
                     const std::string& program, const MountPlan* plan) {
  SPINE_TRY_STATUS(check_reachable(request, user, program, plan));
  struct stat info {};
  if (::stat(program.c_str(), &info) == 0 && user_may(user, info, 1)) return ok();
  return not_possible(request, fmt::format("it runs as {}, who may not execute {}. Give it the "
                                           "right: chmod o+rx {}",
                                           user.name, printable(program), printable(program)));
}

// Replaces folders of the PATH that are links in hidden places by their targets.
void show_path_entries(std::vector<std::string>& env, const MountPlan& plan) {
  for (std::string& variable : env) {
    if (!variable.starts_with("PATH=")) continue;
    std::string path;
    for (const std::string& entry : path_entries(std::string_view(variable).substr(5))) {
      std::error_code failed;
      const auto real = std::filesystem::canonical(entry, failed);
      if (!path.empty()) path += ':';
      path += !failed && !plan.is_visible(entry) ? real.string() : entry;
    }
    variable = "PATH=" + path;
  }
}

// The folders of its PATH that it can see.
std::string seen_path(const std::vector<std::string>& env, const MountPlan& plan) {
  std::string path;
  for (const std::string& entry : path_entries(value_in(env, "PATH"))) {
    std::error_code failed;
    const auto real = std::filesystem::canonical(entry, failed);
    if (failed || !(plan.is_visible(entry) || plan.is_visible(real.string()))) continue;
    path.append(path.empty() ? "" : ":").append(entry);
  }
  return path;
}

// The seccomp filter for the agent; "" = none.
Result<std::string> filter_for(const LaunchRequest& request) {
  const SeccompRules rules{.no_user_name_spaces = !request.agent.process.sandbox.userns,
                           .no_large_segments = !request.memory_is_held};
  if (rules == SeccompRules{} || !has_seccomp()) return std::string();
  std::string program = seccomp_program(rules);
  if (program.empty()) return not_possible(request, "its filter of system calls cannot be made.");
  return program;
}

Result<Launch> launch_in_sandbox(const LaunchRequest& request, const SystemUser& user,
                                 std::vector<std::string>&& env, const std::string& program) {
  SPINE_TRY(MountPlan view, agent_view(request, program, env));
  const std::vector<std::string> hops = link_chain(program);
  const std::string cwd = working_directory(request);
  std::error_code failed;
  const auto real_cwd = std::filesystem::canonical(cwd, failed);
  if (failed || !view.is_visible(real_cwd.string())) {
    return not_possible(request, fmt::format("its working directory {} is not visible in its "
                                             "sandbox. Add it to spine.sandbox.write or .read, or "
                                             "leave out spine.cwd.",
                                             printable(cwd)));
  }
  for (const std::string& hop : hops) {
    if (view.is_visible(hop)) continue;
    return not_possible(
        request,
        fmt::format("its program {} is not visible in its sandbox: it belongs to the "
                    "gateway, or an agent may have put it there{}. Install it elsewhere, or "
                    "add its folder to spine.sandbox.read.",
                    printable(hop),
                    hop == hops.front() ? std::string{}
                                        : fmt::format(" ({} is a link that leads there)",
                                                      printable(hops.front()))));
  }
  SPINE_TRY_STATUS(check_interpreter(hops.back(), seen_path(env, view),
                                     [&view](const auto& path) { return view.is_visible(path); }));
  if (request.means.is_root) {
    SPINE_TRY_STATUS(check_program(request, user, hops.back(), &view));
  }
  Launch launch;
  launch.sandbox = "bubblewrap";
  SPINE_TRY(launch.plan.third_input, filter_for(request));
  launch.plan.argv =
      sandbox_command(request.means, view, real_cwd.string(), !launch.plan.third_input.empty());
  if (request.means.is_root) append_user_command(launch.plan.argv, request.means, user);
  append_limits(launch.plan.argv, request.means, true);
  launch.seen_path = seen_path(env, view);
  show_path_entries(env, view);
  launch.view = std::move(view);
  launch.plan.env = std::move(env);
  launch.plan.cwd = "/";
  launch.plan.spare_leader = true;
  return launch;
}

Result<Launch> launch_without(const LaunchRequest& request, const Separated& separated,
                              std::vector<std::string>&& env, const std::string& program) {
  Launch launch;
  std::vector<std::string>& argv = launch.plan.argv;
  if (separated.how == Separation::user) {
    SPINE_TRY_STATUS(check_program(request, separated.user, link_chain(program).back(), nullptr));
    SPINE_TRY_STATUS(
        check_reachable(request, separated.user, working_directory(request) + "/.", nullptr));
    SPINE_TRY_STATUS(
        check_reachable(request, separated.user, request.places.data_dir + "/.", nullptr));
    append_user_command(argv, request.means, separated.user);
    argv.insert(argv.begin() + 1, {"--pdeathsig", "KILL"});
    launch.sandbox = "user " + separated.user.name;
  } else {
    if (!request.means.setpriv.empty()) {
      argv = {request.means.setpriv, "--pdeathsig", "KILL", "--no-new-privs"};
    }
    launch.sandbox = "none";
  }
  append_limits(argv, request.means, separated.how == Separation::user);
  launch.seen_path = value_in(env, "PATH");
  SPINE_TRY_STATUS(check_interpreter(link_chain(program).back(), launch.seen_path,
                                     [](const std::string&) { return true; }));
  launch.plan.env = std::move(env);
  launch.plan.cwd = working_directory(request);
  return launch;
}

// Not the gateway's PATH: these programs run with its rights.
constexpr std::string_view kSystemPath = "/usr/bin:/bin:/usr/sbin:/sbin:/usr/local/bin";

std::string first_line(const std::string& text) {
  return printable(text.substr(0, text.find('\n')));
}

// Why bubblewrap cannot do what is needed here; "" = it can.
std::string try_bubblewrap(const SeparationMeans& means) {
  if (means.bubblewrap.empty()) {
    return "bubblewrap is not installed; as root, run: apt-get install bubblewrap";
  }
  if (means.is_root && means.setpriv.empty()) {
    return "setpriv is not installed; as root, run: apt-get install util-linux";
  }
  std::vector<std::string> argv = sandbox_command(means, MountPlan{}, "/", false);
  if (means.is_root) {
    const Result<SystemUser> nobody = find_user("");
    if (!nobody) return nobody.error().message;
    append_user_command(argv, means, *nobody);
  }
  argv.emplace_back("/bin/true");
  const Result<CommandOutcome> outcome =
      run_command(argv, {fmt::format("PATH={}", kSystemPath), "LC_ALL=C"});
  if (!outcome) return outcome.error().message;
  if (outcome->exit.code == 0) return "";
  return fmt::format(
      "bubblewrap does not work here: \"{}\". User name spaces may be switched off: see sysctl "
      "kernel.unprivileged_userns_clone, kernel.apparmor_restrict_unprivileged_userns and "
      "user.max_user_namespaces; in a container they must be allowed from outside",
      first_line(outcome->error));
}

SeparationMeans find_means() {
  SeparationMeans means;
  means.is_root = ::geteuid() == 0;
  means.bubblewrap = find_program("bwrap", kSystemPath, "/");
  means.setpriv = find_program("setpriv", kSystemPath, "/");
  means.prlimit = find_program("prlimit", kSystemPath, "/");
  means.why_not = try_bubblewrap(means);
  if (!means.why_not.empty()) means.bubblewrap.clear();
  return means;
}

}  // namespace

Result<std::vector<std::string>> agent_environment(const LaunchRequest& request,
                                                   const std::string& user_name) {
  const config::AgentConfig& agent = request.agent;
  Variables variables;
  variables.set(kOwnerVariable, owner_mark(request.gateway.state_dir));
  set_from_gateway(variables);
  set_own(variables, request, user_name);
  for (const std::string& name : agent.process.pass_env) {
    if (const auto reason = why_not(name, request.means.is_root)) {
      return cannot_get(request, "passEnv", name, *reason);
    }
    // NOLINTNEXTLINE(concurrency-mt-unsafe): nothing of ours changes the environment
    if (const char* value = std::getenv(name.c_str())) variables.set(name, value);
  }
  for (const auto& [name, value] : agent.process.env) {
    if (const auto reason = why_not(name, request.means.is_root)) {
      return cannot_get(request, "env", name, *reason);
    }
    variables.set(name, value);
  }
  // A skill chooses the names of its variables, so forbidden names are left out without an error.
  for (const auto& [name, value] : request.skill_env) {
    if (!why_not(name, true) && !variables.has(name)) variables.set(name, value);
  }
  return variables.take();
}

Result<Launch> prepare_launch(const LaunchRequest& request) {
  if (request.command_line.empty()) {
    return not_possible(request, "it has no command. Set agents.entries.<id>.spine.command.");
  }
  SPINE_TRY(const Separated separated, choose(request));
  SPINE_TRY(std::vector<std::string> env, agent_environment(request, separated.user.name));
  SPINE_TRY(const std::string program, find_command(request, env));
  Result<Launch> launch = separated.how == Separation::bubblewrap
                              ? launch_in_sandbox(request, separated.user, std::move(env), program)
                              : launch_without(request, separated, std::move(env), program);
  if (!launch) return launch;
  std::vector<std::string>& argv = launch->plan.argv;
  launch->program = link_chain(program).front();
  launch->probe = probe_rules(request);
  launch->probe.path = launch->seen_path;
  argv.push_back(launch->program);
  argv.insert(argv.end(), request.command_line.begin() + 1, request.command_line.end());
  launch->plan.line_bytes_max = request.agent.process.line_bytes_max;
  launch->plan.input_bytes_max = 2 * std::size_t{request.agent.process.line_bytes_max};
  return launch;
}

SeparationMeans find_separation_means() {
  static const SeparationMeans found = find_means();
  return found;
}

std::string policy_refusal(const config::AgentConfig& agent, const SeparationMeans& means) {
  std::string why = config::unheld_policy(agent);
  // As root bubblewrap needs setpriv, too: see prepare_launch().
  const bool works = !means.bubblewrap.empty() && (!means.is_root || !means.setpriv.empty());
  if (!why.empty() || works) return why;
  return config::separation_wanted(
      agent, means.why_not.empty() ? "setpriv is not installed" : means.why_not);
}

// Bubblewrap reports a signal n as exit code 128 + n.
ChildExit exit_of_program(const ChildExit& exit, std::string_view sandbox) {
  constexpr int kSignalled = 128;
  if (sandbox != "bubblewrap" || exit.signal != 0) return exit;
  if (exit.code <= kSignalled || exit.code > kSignalled + 64) return exit;
  return {.code = -1, .signal = exit.code - kSignalled};
}

std::string exit_in_words(const ChildExit& exit) {
  if (exit.signal != 0) return fmt::format("was ended by signal {}", exit.signal);
  return fmt::format("ended with exit code {}", exit.code);
}

std::uint64_t back_off_ms(std::uint32_t base_ms, std::uint32_t crashes, std::uint64_t random) {
  constexpr std::uint64_t kLongestMs = 60'000;
  const std::uint32_t doublings = std::min<std::uint32_t>(crashes == 0 ? 0 : crashes - 1, 16);
  const std::uint64_t delay = std::min(std::uint64_t{base_ms} << doublings, kLongestMs);
  const std::uint64_t spread = delay * 2 / 5;  // a fifth to either side
  return delay - delay / 5 + (spread == 0 ? 0 : random % (spread + 1));
}

}  // namespace spine::agents
