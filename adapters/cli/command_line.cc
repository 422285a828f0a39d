// CommandLine: the verbs, their options and their help, by CLI11.
#include "adapters/cli/command_line.h"

#include <CLI/CLI.hpp>
#include <charconv>
#include <fmt/format.h>

#include "schemas/vocab/show.h"

namespace spine::cli {
namespace {

// Adds a verb whose callback notes that it was chosen.
CLI::App* add_verb(CLI::App& parent, Arguments& args, Verb verb, const std::string& name,
                   const std::string& description, const std::string& examples) {
  CLI::App* app = parent.add_subcommand(name, description);
  app->footer("Examples:\n" + examples);
  app->final_callback([&args, verb] { args.verb = verb; });
  return app;
}

void add_common(CLI::App& app, Common& common) {
  const std::string group = "Options of every verb";
  app.add_option("--config", common.config, "openclaw.json (default ~/.openclaw/openclaw.json)")
      ->group(group);
  app.add_option("--state-dir", common.state_dir, "Where state is (default ~/.openclaw/spine)")
      ->group(group);
  app.add_option("--port", common.port, "Port of the gateway (default 18789)")->group(group);
  app.add_option("--token", common.token, "Token of the gateway; other users can see it in `ps`")
      ->group(group);
  app.add_option("--token-file", common.token_file, "File that holds the token")->group(group);
  app.add_flag("--json", common.json, "Print JSON")->group(group);
}

void add_daemon_verbs(CLI::App& app, Arguments& args) {
  CLI::App* run = add_verb(app, args, Verb::run, "run", "Run the gateway here until Ctrl-C",
                           "  spine run\n  spine run --port 18790 --state-dir /tmp/spine");
  run->add_flag("--background", args.background)->group("");
  const auto timeout = [&args](CLI::App* verb) {
    verb->add_option("--timeout", args.timeout_s, "Seconds to wait at most")->capture_default_str();
  };
  CLI::App* start = add_verb(app, args, Verb::start, "start",
                             "Start the gateway in the background; returns when it is ready",
                             "  spine start\n  spine start --config ~/bot/openclaw.json");
  timeout(start);
  for (CLI::App* verb : {run, start}) {
    verb->add_flag("--accept-loss", args.accept_loss,
                   "Start although the journal lacks events that it is known to have had");
  }
  timeout(add_verb(app, args, Verb::stop, "stop", "Stop the gateway; returns when it is gone",
                   "  spine stop\n  spine stop --state-dir /tmp/spine"));
  timeout(add_verb(app, args, Verb::restart, "restart", "Stop, then start", "  spine restart"));
  add_verb(app, args, Verb::status, "status", "What runs, where, and how it is",
           "  spine status\n  spine status --json");
  add_verb(app, args, Verb::health, "health", "Ask the gateway whether it is healthy",
           "  spine health\n  spine health --json | jq .status");
  CLI::App* logs = add_verb(app, args, Verb::logs, "logs", "Print the gateway's log",
                            "  spine logs -n 20\n  spine logs --follow");
  logs->add_option("-n,--lines", args.logs.lines, "Last lines to print")->capture_default_str();
  logs->add_flag("-f,--follow", args.logs.follow, "Go on printing what is added");
  add_verb(app, args, Verb::doctor, "doctor", "Check the set-up and say what to do",
           "  spine doctor\n  spine doctor --json");
  CLI::App* install = add_verb(app, args, Verb::install, "install",
                               "Run the gateway as a systemd user service from now on",
                               "  spine install\n  spine install --print");
  install->add_flag("--print", args.print_only, "Print the unit; change nothing");
  add_verb(app, args, Verb::uninstall, "uninstall", "Remove the systemd user service",
           "  spine uninstall");
}

void add_talk_verbs(CLI::App& app, Arguments& args) {
  CLI::App* send =
      add_verb(app, args, Verb::send, "send", "Send a message to an agent and print the reply",
               "  spine send \"hello\"\n"
               "  spine send --session agent:main:work \"what is next?\"\n"
               "  git diff | spine send --timeout 300 -\n"
               "  spine send -- --this starts with a dash");
  send->add_option("message", args.send.words, "The message; - reads it from standard input")
      ->required();
  send->add_option("--session", args.send.session, "Session key (default: the agent's main one)");
  send->add_option("--agent", args.send.agent, "Agent to talk to (default: the default agent)");
  send->add_option("--timeout", args.send.timeout_s, "Seconds to wait for the reply")
      ->capture_default_str();
  send->add_flag("--no-wait", args.send.no_wait, "Return when the message is durable");
}

void add_session_verbs(CLI::App& app, Arguments& args) {
  CLI::App* sessions = app.add_subcommand("sessions", "Look at conversations, and end them");
  sessions->require_subcommand(1);
  CLI::App* list =
      add_verb(*sessions, args, Verb::sessions_list, "list", "List sessions, latest first",
               "  spine sessions list\n  spine sessions list --agent main --json");
  list->add_option("--agent", args.sessions.agent, "Only sessions of this agent");
  list->add_option("--limit", args.sessions.limit, "At most this many")->capture_default_str();
  CLI::App* show =
      add_verb(*sessions, args, Verb::sessions_show, "show", "Show one session with its messages",
               "  spine sessions show agent:main:main\n"
               "  spine sessions show agent:main:main --limit 10 --json");
  show->add_option("key", args.sessions.key, "Session key")->required();
  show->add_option("--limit", args.sessions.limit, "At most this many messages")
      ->capture_default_str();
  const auto key = [&args](CLI::App* verb) {
    verb->add_option("key", args.sessions.key, "Session key")->required();
  };
  key(add_verb(*sessions, args, Verb::sessions_reset, "reset",
               "Start a session afresh; ends what is being worked on in it",
               "  spine sessions reset agent:main:main"));
  key(add_verb(*sessions, args, Verb::sessions_delete, "delete",
               "Delete a session; ends what is being worked on in it",
               "  spine sessions delete agent:main:work"));
  key(add_verb(*sessions, args, Verb::sessions_abort, "abort",
               "End what is being worked on in a session, and what waits there",
               "  spine sessions abort agent:main:main"));

  CLI::App* runs = app.add_subcommand("runs", "What agents are working on");
  runs->require_subcommand(1);
  CLI::App* open = add_verb(*runs, args, Verb::runs_list, "list",
                            "List what is being worked on and what waits, the oldest first",
                            "  spine runs list\n  spine runs list --json");
  open->add_option("--limit", args.runs.limit, "At most this many")->capture_default_str();
  add_verb(*runs, args, Verb::runs_abort, "abort", "End a run", "  spine runs abort 3f2a")
      ->add_option("run", args.runs.id, "Its id, or the first characters of it")
      ->required();
}

void add_approval_verbs(CLI::App& app, Arguments& args) {
  CLI::App* devices = app.add_subcommand("devices", "Who may connect: paired devices");
  devices->require_subcommand(1);
  add_verb(*devices, args, Verb::devices_list, "list", "List devices that ask, and paired ones",
           "  spine devices list\n  spine devices list --json");
  const auto which = [&args](CLI::App* verb, const char* what) {
    return verb->add_option("which", args.approval.which, what);
  };
  CLI::App* approve = add_verb(*devices, args, Verb::devices_approve, "approve",
                               "Let a device in that asks to be paired",
                               "  spine devices approve 3f2a\n  spine devices approve --latest");
  which(approve, "Its request id, the first digits of it, or its code");
  approve->add_flag("--latest", args.approval.latest, "The request that came last");
  which(add_verb(*devices, args, Verb::devices_reject, "reject", "Turn a request down",
                 "  spine devices reject 3f2a"),
        "Its request id, the first digits of it, or its code")
      ->required();
  which(add_verb(*devices, args, Verb::devices_revoke, "revoke",
                 "Remove a paired device and end its connections", "  spine devices revoke 91b0c6"),
        "Its device id, or the first digits of it")
      ->required();
  CLI::App* rename = add_verb(*devices, args, Verb::devices_rename, "rename", "Name a device",
                              "  spine devices rename 91b0c6 \"kitchen tablet\"");
  which(rename, "Its device id, or the first digits of it")->required();
  rename->add_option("label", args.approval.label, "The name")->required();

  CLI::App* pairing = app.add_subcommand("pairing", "Who may write on channels: paired senders");
  pairing->require_subcommand(1);
  add_verb(*pairing, args, Verb::pairing_list, "list", "List senders who wait to be let in",
           "  spine pairing list");
  which(add_verb(*pairing, args, Verb::pairing_approve, "approve", "Let a sender in",
                 "  spine pairing approve K7QX2MNP"),
        "The code the sender got, or the request's id")
      ->required();
  which(add_verb(*pairing, args, Verb::pairing_reject, "reject", "Turn a sender down",
                 "  spine pairing reject K7QX2MNP"),
        "The code the sender got, or the request's id")
      ->required();
}

void add_agent_verbs(CLI::App& app, Arguments& args) {
  CLI::App* agents = app.add_subcommand("agents", "Look at agents, and mend them");
  agents->require_subcommand(1);
  const auto id = [&args](CLI::App* verb) {
    return verb->add_option("agent", args.agents.id, "Id of the agent");
  };
  CLI::App* status = add_verb(*agents, args, Verb::agents_status, "status",
                              "How agents are; of one, its processes and what happened last",
                              "  spine agents status\n  spine agents status main\n"
                              "  spine agents status --json\n  spine agents status main --view");
  status
      ->add_flag("--view", args.agents.view,
                 "What the agent sees of this machine, running or not, and why")
      ->needs(id(status));
  CLI::App* logs = add_verb(*agents, args, Verb::agents_logs, "logs",
                            "Print what an agent said, and what the gateway said of it",
                            "  spine agents logs main -n 50\n  spine agents logs main --follow");
  id(logs)->required();
  logs->add_option("-n,--lines", args.logs.lines, "Last lines to print")->capture_default_str();
  logs->add_flag("-f,--follow", args.logs.follow, "Go on printing what is added");
  id(add_verb(*agents, args, Verb::agents_restart, "restart",
              "End an agent's processes and start them anew", "  spine agents restart main"))
      ->required();
  id(add_verb(*agents, args, Verb::agents_reset, "reset",
              "Release an agent from quarantine, when what made it crash is mended",
              "  spine agents reset main"))
      ->required();

  CLI::App* approvals = app.add_subcommand("approvals", "What agents ask whether they may do it");
  approvals->require_subcommand(1);
  const auto which = [&args](CLI::App* verb) {
    return verb->add_option("which", args.approval.which, "Its code, or the first digits of its id")
        ->required();
  };
  add_verb(*approvals, args, Verb::approvals_list, "list", "List what waits for an answer",
           "  spine approvals list\n  spine approvals list --json");
  CLI::App* approve = add_verb(*approvals, args, Verb::approvals_approve, "approve", "Say yes",
                               "  spine approvals approve K7QX2MNP\n"
                               "  spine approvals approve K7QX2MNP --always");
  which(approve);
  approve->add_flag("--always", args.approval.always, "Also to what is like it, from now on");
  which(add_verb(*approvals, args, Verb::approvals_deny, "deny", "Say no",
                 "  spine approvals deny K7QX2MNP"));
}

void add_skill_verbs(CLI::App& app, Arguments& args) {
  CLI::App* skills =
      app.add_subcommand("skills", "What agents are taught: folders with a SKILL.md");
  skills->require_subcommand(1);
  CLI::App* list = add_verb(*skills, args, Verb::skills_list, "list",
                            "List skills, and say of each that cannot be used why",
                            "  spine skills list\n  spine skills list --agent main --eligible");
  list->add_option("--agent", args.skills.agent, "Only skills of this agent");
  list->add_flag("--eligible", args.skills.eligible, "Only those that can be used");
  add_verb(*skills, args, Verb::skills_check, "check",
           "Check skills; names each fault with file and line, exit code 1 if there is one",
           "  spine skills check\n  spine skills check ./my-skill")
      ->add_option("folder", args.skills.folder,
                   "A skill, or a folder with some (default: where the configuration says)");
}

void add_config_verbs(CLI::App& app, Arguments& args) {
  CLI::App* config = app.add_subcommand("config", "Look at the configuration and change it");
  config->require_subcommand(1);
  CLI::App* get = add_verb(*config, args, Verb::config_get, "get",
                           "Print the configuration file as JSON, secrets redacted",
                           "  spine config get\n  spine config get gateway.port");
  get->add_option("key", args.config.key, "Dotted path of one value");
  CLI::App* set =
      add_verb(*config, args, Verb::config_set, "set", "Change one value in the configuration file",
               "  spine config set gateway.rate_limit.burst 20\n"
               "  spine config set session.dmScope '\"per-peer\"'\n"
               "  spine config set channels.bridge.allowFrom '[\"anna\"]'");
  set->add_option("key", args.config.key, "Dotted path")->required();
  set->add_option("value", args.config.value, "The value, as JSON5; null removes the key")
      ->required();
  CLI::App* validate = add_verb(*config, args, Verb::config_validate, "validate",
                                "Check the configuration; names file, line and key",
                                "  spine config validate\n  spine config validate ./new.json");
  validate->add_option("file", args.config.file, "File to check instead");
  CLI::App* completion =
      add_verb(app, args, Verb::completion, "completion", "Print completions for a shell",
               "  spine completion bash > ~/.local/share/bash-completion/completions/spine\n"
               "  spine completion zsh > ~/.zfunc/_spine\n"
               "  spine completion fish > ~/.config/fish/completions/spine.fish");
  completion->add_option("shell", args.shell, "bash, zsh or fish")
      ->required()
      ->check(CLI::IsMember({"bash", "zsh", "fish"}));
  add_verb(app, args, Verb::version, "version", "Print versions",
           "  spine version\n  spine version --json");
}

// For help and completions only: spine-replay parses these itself.
void add_replay_verbs(CLI::App& app) {
  CLI::App* journal = app.add_subcommand("journal", "Look at the journal (info, verify, dump)");
  journal->add_subcommand("info", "Where the journal is, how much, from when to when");
  journal->add_subcommand("verify", "Check every block of the journal");
  journal->add_subcommand("dump", "Print events in readable form");
  CLI::App* replay =
      app.add_subcommand("replay", "Fold the journal again, without acting (verify)");
  replay->add_subcommand("verify", "Compare a fold from zero with every recorded digest");
}

void describe(CLI::App& app, Arguments& args) {
  app.fallthrough();
  app.require_subcommand(1);
  app.set_version_flag("--version", std::string("spine ") + SPINE_VERSION);
  app.footer(
      "A first try:\n  spine start\n  spine send \"hello\"\n  spine sessions list\n"
      "Help for one verb: spine <verb> --help");
  add_common(app, args.common);
  add_daemon_verbs(app, args);
  add_talk_verbs(app, args);
  add_session_verbs(app, args);
  add_approval_verbs(app, args);
  add_agent_verbs(app, args);
  add_skill_verbs(app, args);
  add_config_verbs(app, args);
  add_replay_verbs(app);
}

constexpr const char* kAbout =
    "Spine: a gateway for personal AI agents in which every message is journalled first.";

// The common options that take a value, with where the value goes.
bool take_value(const std::string& name, const std::string& value, Common& common) {
  if (name == "--config") common.config = value;
  if (name == "--state-dir") common.state_dir = value;
  if (name == "--token") common.token = value;
  if (name == "--token-file") common.token_file = value;
  if (name == "--port") {
    std::uint16_t port = 0;
    const char* end = value.data() + value.size();
    const auto [stop, error] = std::from_chars(value.data(), end, port);
    if (error != std::errc() || stop != end) return false;
    common.port = port;
  }
  return true;
}

bool takes_value(const std::string& name) {
  return name == "--config" || name == "--state-dir" || name == "--token" ||
         name == "--token-file" || name == "--port";
}

}  // namespace

Parsed parse(const std::vector<std::string>& words) {
  Parsed parsed;
  CLI::App app(kAbout, "spine");
  describe(app, parsed.arguments);
  parsed.done = true;
  if (words.empty()) {
    parsed.text = app.help();
    parsed.exit_code = kExitUsage;
    return parsed;
  }
  try {
    std::vector<std::string> reversed(words.rbegin(), words.rend());
    app.parse(reversed);
    parsed.done = false;
  } catch (const CLI::CallForHelp&) {
    parsed.text = app.help();
  } catch (const CLI::CallForVersion& version) {
    parsed.text = std::string(version.what()) + "\n";
  } catch (const CLI::ParseError& error) {
    const std::vector<std::string> unknown = app.remaining(true);
    parsed.text = fmt::format(
        "Error: {}\nRun with --help for more.\n",
        unknown.empty() ? printable(error.what(), true)
                        : fmt::format("\"{}\" is not understood.", printable(unknown.front())));
    parsed.exit_code = kExitUsage;
  }
  return parsed;
}

std::vector<VerbHelp> verbs() {
  Arguments ignored;
  CLI::App app(kAbout, "spine");
  describe(app, ignored);
  std::vector<VerbHelp> list;
  const auto add = [&list](const CLI::App* verb, const std::string& path) {
    VerbHelp help{.path = path, .description = verb->get_description()};
    for (const CLI::Option* option : verb->get_options()) {
      if (option->get_group().empty()) continue;
      for (const std::string& name : option->get_lnames())
        help.options.push_back("--" + name);
    }
    list.push_back(std::move(help));
  };
  add(&app, "");
  const auto all = [](const CLI::App*) { return true; };
  const CLI::App& root = app;
  for (const CLI::App* verb : root.get_subcommands(all)) {
    add(verb, verb->get_name());
    for (const CLI::App* inner : verb->get_subcommands(all)) {
      add(inner, verb->get_name() + " " + inner->get_name());
    }
  }
  return list;
}

std::vector<std::string> replay_words(const std::vector<std::string>& words, Common& common) {
  std::vector<std::string> rest;
  Common found;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::string& word = words[i];
    const std::size_t equals = word.find('=');
    const std::string name = word.substr(0, equals);
    if (word == "--json") {
      found.json = true;
    } else if (!takes_value(name)) {
      rest.push_back(word);
    } else if (equals == std::string::npos && i + 1 == words.size()) {
      rest.push_back(word);
    } else {
      const std::string value = equals == std::string::npos ? words[++i] : word.substr(equals + 1);
      if (!take_value(name, value, found)) rest.push_back(word);
    }
    if (!rest.empty() && rest[0] != "journal" && rest[0] != "replay") return {};
  }
  if (!rest.empty()) common = found;
  return rest;
}

}  // namespace spine::cli
