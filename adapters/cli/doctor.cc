// doctor: looks at everything a gateway needs and says what to do about what is wrong.
#include "adapters/cli/doctor.h"

#include <cstdio>
#include <fmt/format.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>
#include <vector>

#include "adapters/cli/folded_ids.h"
#include "adapters/cli/http_get.h"
#include "adapters/cli/journal_checked.h"
#include "adapters/cli/json_read.h"
#include "adapters/cli/place.h"
#include "adapters/cli/self.h"
#include "adapters/cli/verbs.h"
#include "adapters/websocket/port_owner.h"
#include "engine/config/deciding_file.h"
#include "engine/config/state_dir.h"
#include "engine/config/token.h"
#include "journal/ahead.h"
#include "journal/journal.h"
#include "schemas/vocab/limits.h"
#include "schemas/vocab/show.h"

namespace spine::cli {
namespace {

constexpr std::uint64_t kDiskFreeWarnBytes = 1024ULL * limits::kMiB;
constexpr std::uint64_t kDescriptorsWanted = 4'096;
constexpr std::size_t kFoldedNamedMax = 20;

std::string grade_name(Grade grade) {
  return grade == Grade::ok ? "ok" : grade == Grade::warn ? "warn" : "fail";
}

void check_config(const Place& place, Findings& findings) {
  if (place.config_error) {
    findings.push_back({Grade::fail, "configuration", place.config_error->message,
                        "correct the file, then: spine config validate"});
    return;
  }
  const std::string path = place.config_path.string();
  if (!place.config.exists) {
    findings.push_back({Grade::ok, "configuration", path + " is not there: defaults", ""});
    return;
  }
  findings.push_back({Grade::ok, "configuration", path + " is valid", ""});
  for (const std::string& warning : place.config.warnings) {
    findings.push_back({Grade::warn, "configuration", warning, ""});
  }
}

void check_state_dir(const Place& place, Findings& findings) {
  struct stat info {};
  const std::string path = place.state_dir.string();
  if (::stat(path.c_str(), &info) != 0) {
    findings.push_back({Grade::ok, "state directory", path + " is made at the first start", ""});
    return;
  }
  if (info.st_uid != ::geteuid()) {
    findings.push_back({Grade::fail, "state directory", path + " belongs to another user",
                        "run as its owner, or choose another with --state-dir"});
  } else if (const Status place_of_ours = config::check_place(place.state_dir); !place_of_ours) {
    findings.push_back({Grade::fail, "state directory", place_of_ours.error().message, ""});
  } else if ((info.st_mode & 022U) != 0) {
    findings.push_back({Grade::fail, "state directory", path + " can be changed by others",
                        fmt::format("look at what is in it, then: chmod 700 {}", path)});
  } else if ((info.st_mode & 077U) != 0) {
    findings.push_back({Grade::warn, "state directory", path + " can be read by others",
                        fmt::format("chmod 700 {}", path)});
  } else {
    findings.push_back({Grade::ok, "state directory", path + " is private", ""});
  }
  if (place.config.auth_mode == config::AuthMode::password) {
    findings.push_back({Grade::ok, "password", "in the configuration; no token is used", ""});
    return;
  }
  const auto token = config::read_token_file(config::token_path(place.state_dir));
  if (token) {
    findings.push_back({Grade::ok, "token", "there, and readable by its owner only", ""});
    if (place.config.token.empty()) {
      findings.push_back(
          {Grade::ok, "openclaw clients",
           "do not know the token: they read gateway.auth.token of openclaw.json",
           fmt::format("to tell them: spine config set gateway.auth.token \"$(cat {})\"",
                       config::token_path(place.state_dir).string())});
    }
  } else if (token.error().code == Errc::not_found) {
    findings.push_back({Grade::ok, "token", "made at the first start", ""});
  } else {
    findings.push_back({Grade::fail, "token", token.error().message, ""});
  }
}

// Which gateway runs, if any, and who has the port.
void check_port(const Place& place, Findings& findings) {
  const std::uint16_t port = place.target.port;
  const auto lock = config::read_lock(place.state_dir);
  const bool running = lock && lock->running;
  if (running && lock->port == port) {
    const auto answer = http_get(place.target, "/ready", in_ms(5'000));
    if (answer && answer->status == 200) {
      findings.push_back(
          {Grade::ok, "gateway", fmt::format("runs and is ready (pid {})", lock->pid), ""});
    } else {
      findings.push_back({Grade::fail, "gateway",
                          fmt::format("runs (pid {}) but is not ready: {}", lock->pid,
                                      answer ? answer->body : answer.error().message),
                          "spine logs"});
    }
    return;
  }
  if (Socket::connect(place.target.address, port, in_ms(2'000))) {
    const auto owner = net::find_port_owner(port);
    findings.push_back(
        {Grade::fail, "port",
         owner ? fmt::format("{} is in use by {} (pid {})", port, owner->name, owner->pid)
               : fmt::format("{} is in use by a process of another user", port),
         "stop that process, or choose another port: --port, or gateway.port"});
    return;
  }
  findings.push_back({Grade::ok, "port", fmt::format("{} is free", port), ""});
  findings.push_back({Grade::warn, "gateway", "does not run", "spine start"});
}

// When the gateway, if it runs, last read all of the journal again, and what it found.
std::string read_again(const Place& place, bool& damaged) {
  const auto answer = http_get(place.target, "/ready", in_ms(5'000));
  simdjson::dom::parser parser;
  simdjson::dom::element ready;
  simdjson::dom::element journal;
  if (!answer || parser.parse(answer->body).get(ready) != simdjson::SUCCESS ||
      ready["journal"].get(journal) != simdjson::SUCCESS) {
    return "not read again while no gateway runs";
  }
  damaged = number_at(journal, "damages") != 0;
  return "read again " + journal_checked_text(journal);
}

// The last block, and with it the format; everything is checked by `spine journal verify`, and by a
// running gateway once a day.
void check_journal(const Place& place, Findings& findings) {
  auto reader = journal::Reader::open_read_only(place.state_dir / "journal");
  if (!reader) {
    const bool absent = reader.error().code == Errc::not_found;
    if (reader.error().code == Errc::unavailable) {
      findings.push_back({Grade::warn, "journal",
                          "other processes hold every place for readers, so it was not looked at",
                          fmt::format("find them with `fuser {}`, or cut them off: spine restart",
                                      (place.state_dir / "journal" / "lock.mdb").string())});
      return;
    }
    findings.push_back({absent ? Grade::ok : Grade::fail, "journal",
                        absent ? "made at the first start" : reader.error().message,
                        absent ? "" : "spine journal verify"});
    return;
  }
  const Status renewed = reader->renew();
  const Seq last = renewed ? reader->last() : Seq{};
  const auto tail = last ? reader->block_of(last) : Result<journal::BlockView>(Error{});
  if (!renewed || (last && !tail)) {
    findings.push_back({Grade::fail, "journal",
                        renewed ? tail.error().message : renewed.error().message,
                        "spine journal verify"});
    return;
  }
  const auto ahead = journal::find_ahead(place.state_dir, Bits128{}, *reader);
  if (ahead && !ahead->empty()) {
    findings.push_back({Grade::fail, "journal", journal::ahead_text(*ahead, reader->last()),
                        "bring back a backup, or: spine start --accept-loss"});
    return;
  }
  bool damaged = false;
  const std::string checked = read_again(place, damaged);
  findings.push_back(
      {damaged ? Grade::fail : Grade::ok, "journal",
       fmt::format("{} events, its end is whole; {}", show_count(last.value), checked),
       damaged ? "stop Spine, keep a copy, check the disk, bring back the last backup" : ""});
}

std::string quoted(const std::vector<std::string>& ids) {
  std::string text;
  for (const std::string& id : ids)
    text += fmt::format("{}\"{}\"", text.empty() ? "" : ", ", id);
  return text;
}

// An entry of a list that let somebody in whose id is written otherwise.
void check_spelling(const FoldedIds& found, const std::string& key, const std::string& channel,
                    const std::string& listed, Findings& findings) {
  const std::vector<std::string> ids = found.written_otherwise(channel, listed);
  if (ids.empty()) return;
  findings.push_back(
      {Grade::warn, "ids",
       fmt::format("{} names \"{}\", who wrote as {}: the case of ids counts now, so "
                   "the entry does not let them in",
                   key, listed, quoted(ids)),
       "write the id as the channel does"});
}

void check_lists(const config::Config& config, const FoldedIds& found, Findings& findings) {
  for (const config::ChannelConfig& channel : config.channels) {
    const std::string key = "channels." + channel.name;
    for (const std::string& id : channel.allow_from)
      check_spelling(found, key + ".allowFrom", channel.name, id, findings);
    if (!channel.group_allow_from) continue;
    for (const std::string& id : *channel.group_allow_from)
      check_spelling(found, key + ".groupAllowFrom", channel.name, id, findings);
  }
  for (const std::string& admin : config.admins) {
    const std::size_t colon = admin.find(':');
    check_spelling(found, "gateway.auth.admin_channels", admin.substr(0, colon),
                   admin.substr(colon + 1), findings);
  }
}

// What was recorded when "Anna" and "anna" were one: who finds a new session, or has to ask anew.
void check_folded_ids(const Place& place, Findings& findings) {
  auto reader = journal::Reader::open_read_only(place.state_dir / "journal");
  if (!reader) return;  // said above
  const auto found = find_folded_ids(*reader);
  if (!found) return;
  check_lists(place.config, *found, findings);
  std::size_t named = 0;
  for (const FoldedGroup& session : found->sessions) {
    if (++named > kFoldedNamedMax) break;
    findings.push_back({Grade::warn, "ids",
                        fmt::format("the session {} holds what {} wrote when the case of ids did "
                                    "not count; each with capitals has a session of its own now",
                                    session.name, quoted(session.ids)),
                        fmt::format("spine sessions show {}", session.name)});
  }
  for (const FoldedGroup& approval : found->approvals) {
    if (++named > kFoldedNamedMax) break;
    findings.push_back({Grade::warn, "ids",
                        fmt::format("the approval of {} let in {}, too, when the case of ids did "
                                    "not count; only the one that was approved is let in now",
                                    approval.name, quoted(approval.ids)),
                        "who should be let in asks again: spine pairing list"});
  }
  const std::size_t all = found->sessions.size() + found->approvals.size();
  if (all > kFoldedNamedMax || !found->complete) {
    findings.push_back({Grade::warn, "ids",
                        fmt::format("{} such sessions and approvals were found{}", all,
                                    found->complete ? "" : " in the part that was looked at"),
                        ""});
  }
}

void check_disk(const Place& place, Findings& findings) {
  std::filesystem::path path = place.state_dir;
  std::error_code ignored;
  while (!std::filesystem::exists(path, ignored) && path.has_relative_path()) {
    path = path.parent_path();
  }
  struct statvfs info {};
  if (::statvfs(path.c_str(), &info) != 0) return;
  const std::uint64_t free_bytes = std::uint64_t{info.f_bavail} * info.f_frsize;
  const bool enough = free_bytes >= kDiskFreeWarnBytes;
  const bool fatal = free_bytes < 2 * limits::kSpaceAheadBytes;
  findings.push_back({enough  ? Grade::ok
                      : fatal ? Grade::fail
                              : Grade::warn,
                      "disk", fmt::format("{} free at {}", show_bytes(free_bytes), path.string()),
                      enough ? "" : "make room: without it messages are refused"});
}

void check_limits(Findings& findings) {
  rlimit descriptors{};
  ::getrlimit(RLIMIT_NOFILE, &descriptors);
  const bool enough = descriptors.rlim_max >= kDescriptorsWanted;
  findings.push_back({enough ? Grade::ok : Grade::warn, "open files",
                      fmt::format("up to {}", descriptors.rlim_max),
                      enough ? "" : "allow more for many connections: ulimit -n 16384"});
}

void check_programs(Findings& findings) {
  const auto sibling = sibling_program("spine-replay");
  findings.push_back(
      {sibling ? Grade::ok : Grade::fail, "programs",
       sibling ? fmt::format("spine {} with spine-replay", SPINE_VERSION) : sibling.error().message,
       ""});
}

void print_findings(const Findings& findings, bool json) {
  std::string list;
  for (const Finding& f : findings) {
    if (json) {
      list += fmt::format(R"({}{{"grade":"{}","subject":{},"what":{},"remedy":{}}})",
                          list.empty() ? "" : ",", grade_name(f.grade), json_string(f.subject),
                          json_string(f.what), json_string(f.remedy));
      continue;
    }
    fmt::print("{:<5} {:<16} {}\n", grade_name(f.grade), f.subject, printable(f.what));
    if (!f.remedy.empty()) fmt::print("{:<22} -> {}\n", "", printable(f.remedy));
  }
  if (json)
    fmt::print(R"({{"findings":[{}]}})"
               "\n",
               list);
}

}  // namespace

int doctor(const Arguments& args) {
  const auto place = locate(args.common);
  if (!place) return fail(place.error());
  Findings findings;
  check_programs(findings);
  check_config(*place, findings);
  check_state_dir(*place, findings);
  check_port(*place, findings);
  check_journal(*place, findings);
  check_folded_ids(*place, findings);
  check_disk(*place, findings);
  check_agents(args.common, *place, findings);
  check_limits(findings);
  print_findings(findings, args.common.json);
  for (const Finding& finding : findings) {
    if (finding.grade == Grade::fail) return kExitFailure;
  }
  return kExitOk;
}

}  // namespace spine::cli
