// SeparationMeans: what keeps agents apart on this machine, found by trying it.
#include <fmt/format.h>
#include <unistd.h>

#include "adapters/agents/process/find_program.h"
#include "adapters/agents/process/launch.h"
#include "adapters/agents/process/run_command.h"
#include "adapters/agents/process/sandbox.h"
#include "adapters/agents/process/users.h"
#include "schemas/vocab/show.h"

namespace spine::agents {
namespace {

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

}  // namespace spine::agents
