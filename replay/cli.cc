// Command line of spine-replay: verbs, options, help with examples.
#include "replay/cli.h"

#include <CLI/CLI.hpp>
#include <cstdlib>
#include <filesystem>
#include <fmt/format.h>

#include "replay/dump.h"
#include "replay/fold.h"
#include "replay/inspect.h"
#include "schemas/event_verify.h"
#include "schemas/vocab/show.h"

#include "event_generated.h"

namespace spine::replay {
namespace {

// The default state directory, the same as the daemon's.
std::filesystem::path default_state_dir() {
  if (const char* dir = std::getenv("OPENCLAW_STATE_DIR"); dir != nullptr && *dir != '\0') {
    return std::filesystem::path(dir) / "spine";
  }
  const char* home = std::getenv("HOME");
  return std::filesystem::path(home != nullptr ? home : ".") / ".openclaw" / "spine";
}

struct Arguments {
  std::string state_dir{};
  bool json{};
  std::vector<std::string> kinds{};
  DumpOptions dump{};
  FoldOptions fold{};
};

struct Verbs {
  CLI::App* info{};
  CLI::App* verify{};
  CLI::App* dump{};
  CLI::App* replay_verify{};
};

Verbs describe(CLI::App& app, Arguments& args) {
  app.set_version_flag("--version", std::string("spine-replay ") + SPINE_VERSION);
  app.add_option("--state-dir", args.state_dir,
                 "Directory that holds journal/ (default ~/.openclaw/spine)");
  app.add_flag("--json", args.json, "Print JSON");
  app.fallthrough();
  app.require_subcommand(1);
  Verbs verbs;
  CLI::App* journal = app.add_subcommand("journal", "Look at the journal");
  journal->require_subcommand(1);
  journal->footer(
      "Examples:\n  spine journal info\n  spine journal verify\n  spine journal dump --limit 20");
  verbs.info = journal->add_subcommand("info", "Where the journal is, how much, from when to when");
  verbs.info->footer("Example:\n  spine journal info --json");
  verbs.verify = journal->add_subcommand(
      "verify", "Check every block: CRC, SHA-256 chain, seqs, record headers, bodies");
  verbs.verify->footer("Exit code 1 names each damaged block.\n\nExample:\n  spine journal verify");
  verbs.dump = journal->add_subcommand("dump", "Print events in readable form");
  verbs.dump->add_option("--from", args.dump.from, "First seq to print");
  verbs.dump->add_option("--to", args.dump.to, "Last seq to print");
  verbs.dump->add_option("--kind", args.kinds, "Only events of this kind; may be repeated");
  verbs.dump->add_option("--session", args.dump.session, "Only this session: its key or number");
  verbs.dump->add_option("--limit", args.dump.limit, "At most this many events");
  verbs.dump->footer(
      "Examples:\n"
      "  spine journal dump --kind MessageReceived --kind RunFinished\n"
      "  spine journal dump --session agent:main:main --json | jq .body.text");
  CLI::App* replay = app.add_subcommand("replay", "Fold the journal again, without acting");
  replay->require_subcommand(1);
  replay->footer("Example:\n  spine replay verify");
  verbs.replay_verify = replay->add_subcommand(
      "verify", "Fold from zero and compare every recorded digest, and the live daemon's");
  verbs.replay_verify->add_option("--live-seq", args.fold.live_seq)->group("");
  verbs.replay_verify->add_option("--live-digest", args.fold.live_digest)->group("");
  verbs.replay_verify->footer(
      "Exit code 3 means a digest differs; the first seq and the tables are named.\n\n"
      "Example:\n  spine replay verify --json");
  return verbs;
}

bool resolve_kinds(Arguments& args, std::FILE* err) {
  for (const std::string& name : args.kinds) {
    const std::uint16_t kind = event_kind_of(name);
    if (kind != 0) {
      args.dump.kinds.push_back(kind);
      continue;
    }
    fmt::print(err, "Error: \"{}\" is not a kind of event. The kinds are:\n", printable(name));
    for (const fb::EventBody body : fb::EnumValuesEventBody()) {
      if (body != fb::EventBody::NONE) fmt::print(err, "  {}\n", fb::EnumNameEventBody(body));
    }
    return false;
  }
  return true;
}

}  // namespace

int fail(std::FILE* err, const Error& error) {
  fmt::print(err, "Error: {}\n", printable(error.message));
  return kExitFailure;
}

int run(const std::vector<std::string>& arguments, std::FILE* out, std::FILE* err) {
  CLI::App app("Tools that look at a Spine journal. They never write to it and cannot act.",
               "spine");
  Arguments args;
  const Verbs verbs = describe(app, args);
  try {
    std::vector<std::string> reversed(arguments.rbegin(), arguments.rend());
    app.parse(reversed);
  } catch (const CLI::CallForHelp&) {
    fmt::print(out, "{}", app.help());
    return kExitOk;
  } catch (const CLI::CallForVersion& version) {
    fmt::print(out, "{}\n", version.what());
    return kExitOk;
  } catch (const CLI::ParseError& error) {
    const std::vector<std::string> unknown = app.remaining(true);
    fmt::print(err, "Error: {}\nRun with --help for more.\n",
               unknown.empty()
                   ? printable(error.what(), true)
                   : fmt::format("\"{}\" is not understood.", printable(unknown.front())));
    return kExitUsage;
  }
  if (!resolve_kinds(args, err)) return kExitUsage;
  const std::filesystem::path state_dir =
      args.state_dir.empty() ? default_state_dir() : std::filesystem::path(args.state_dir);
  const std::filesystem::path journal_dir = state_dir / "journal";
  if (verbs.info->parsed()) return journal_info({journal_dir, args.json}, out, err);
  if (verbs.verify->parsed()) return journal_verify({journal_dir, args.json}, out, err);
  if (verbs.dump->parsed()) {
    args.dump.journal_dir = journal_dir;
    args.dump.json = args.json;
    return journal_dump(args.dump, out, err);
  }
  args.fold.journal_dir = journal_dir;
  args.fold.json = args.json;
  return replay_verify(args.fold, out, err);
}

}  // namespace spine::replay
