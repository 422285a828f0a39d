// approvals list, approve, deny: permissions that agents ask for.
#include <fmt/format.h>

#include "adapters/cli/gateway_client.h"
#include "adapters/cli/output.h"
#include "adapters/cli/verb.h"
#include "schemas/vocab/show.h"

namespace spine::cli {
namespace {

constexpr const char* kFamilies[]{"exec", "plugin"};

// The open questions, one list per family.
Result<std::vector<Json>> open_questions(GatewayClient& gateway) {
  std::vector<Json> lists;
  for (const char* family : kFamilies) {
    SPINE_TRY(Json list, gateway.ask(fmt::format("{}.approval.list", family)));
    lists.push_back(std::move(list));
  }
  return lists;
}

std::string id_digits(const Json& row) {
  const std::string id = row.text("id");
  constexpr std::string_view kPlugin = "plugin:";
  return id.starts_with(kPlugin) ? id.substr(kPlugin.size()) : id;
}

std::string short_digits(const Json& row, std::string_view) {
  return id_digits(row).substr(0, 8);
}

std::string asked_text(const Json& row, std::string_view) {
  for (const char* key : {"command", "detail", "title"}) {
    std::string text = row.at("request").text(key);
    if (!text.empty()) return text;
  }
  return "-";
}

std::string of_request(const Json& row, std::string_view key) {
  return row.at("request").text(key);
}

std::string tool_text(const Json& row, std::string_view key) {
  return text_or_dash(row.at("request"), key);
}

const Column kQuestionColumns[]{
    {"CODE", "code", of_request},      {"ID", "", short_digits},
    {"AGENT", "agentId", of_request},  {"TOOL", "toolName", tool_text},
    {"WHAT", "", asked_text},          {"SESSION", "sessionKey", of_request},
    {"ENDS", "expiresAtMs", time_text}};

// Answers one of them, and prints `done`.
Result<int> decide(const Common& common, const std::string& which, const char* decision,
                   const char* done) {
  SPINE_TRY(GatewayClient gateway, GatewayClient::open(common));
  SPINE_TRY(const std::vector<Json> lists, open_questions(gateway));
  std::vector<Json> rows;
  std::vector<Named> names;
  std::vector<std::string> methods;
  for (std::size_t i = 0; i < lists.size(); ++i) {
    for (const Json& row : lists[i].items()) {
      rows.push_back(row);
      names.push_back({.id = id_digits(row), .whole = {row.text("id"), of_request(row, "code")}});
      methods.push_back(fmt::format("{}.approval.resolve", kFamilies[i]));
    }
  }
  SPINE_TRY(const std::size_t at,
            pick(names, which,
                 fmt::format("Nothing waits with the code or id \"{}\": it was answered, or its "
                             "time ran out. `spine approvals list` shows what waits.",
                             printable(which))));
  SPINE_TRY(
      const Json answer,
      gateway.ask(methods[at], json_object({{"id", rows[at].text("id")}, {"decision", decision}})));
  return show(common, answer,
              fmt::format("{}: {} (agent {})", done, printable(asked_text(rows[at], {})),
                          printable(of_request(rows[at], "agentId"))));
}

std::shared_ptr<std::string> which_argument(CLI::App& verb) {
  return argument(verb, "which", "Its code, or the first digits of its id");
}

}  // namespace

Action approvals_list(CLI::App& verb) {
  examples(verb, {"spine approvals list", "spine approvals list --json"});
  return [](const Common& common) -> Result<int> {
    SPINE_TRY(GatewayClient gateway, GatewayClient::open(common));
    SPINE_TRY(const std::vector<Json> lists, open_questions(gateway));
    if (common.json) {
      return show(common, json_object({{kFamilies[0], lists[0]}, {kFamilies[1], lists[1]}}));
    }
    std::vector<Json> rows;
    for (const Json& list : lists) {
      for (const Json& row : list.items())
        rows.push_back(row);
    }
    print_rows(rows, {.columns = kQuestionColumns,
                      .none = "No agent asks anything.",
                      .hint = "To answer: spine approvals approve <code>, or deny <code>. No "
                              "answer in time means no.\n"});
    return kExitOk;
  };
}

Action approvals_approve(CLI::App& verb) {
  examples(verb, {"spine approvals approve K7QX2MNP", "spine approvals approve K7QX2MNP --always"});
  const auto which = which_argument(verb);
  const auto always = option<bool>(verb, "--always", "Also to what is like it, from now on");
  return [=](const Common& common) {
    return *always ? decide(common, *which, "allow-always",
                            "Allowed from now on, as the agent keeps it")
                   : decide(common, *which, "allow-once", "Allowed once");
  };
}

Action approvals_deny(CLI::App& verb) {
  examples(verb, {"spine approvals deny K7QX2MNP"});
  const auto which = which_argument(verb);
  return [=](const Common& common) { return decide(common, *which, "deny", "Denied"); };
}

}  // namespace spine::cli
