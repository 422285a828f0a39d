// approvals list, approve, deny: what agents ask whether they may do it.
#include <array>
#include <cstdio>
#include <fmt/format.h>
#include <memory>
#include <optional>
#include <strings.h>

#include "adapters/cli/admin_call.h"
#include "adapters/cli/json_read.h"
#include "adapters/cli/table.h"
#include "adapters/cli/verbs.h"
#include "schemas/vocab/show.h"

namespace spine::cli {
namespace {

using simdjson::dom::element;

constexpr std::size_t kIdDigits = 8;  // shown of one

// Both families of questions, parsed; owns what their rows borrow.
struct ApprovalLists {
  explicit ApprovalLists(RpcClient opened) : client(std::move(opened)) {}
  RpcClient client;
  std::array<std::string, 2> json{};
  std::array<simdjson::dom::parser, 2> parsers;
  std::array<element, 2> roots{};
};
constexpr std::array<const char*, 2> kFamilies{"exec", "plugin"};

Result<std::unique_ptr<ApprovalLists>> fetch_approvals(const Common& common) {
  SPINE_TRY(RpcClient client, open_as_admin(common));
  auto lists = std::make_unique<ApprovalLists>(std::move(client));
  for (std::size_t i = 0; i < kFamilies.size(); ++i) {
    const std::string method = fmt::format("{}.approval.list", kFamilies[i]);
    SPINE_TRY(lists->json[i], ask(lists->client, method, "{}"));
    if (lists->parsers[i].parse(lists->json[i]).get(lists->roots[i]) != simdjson::SUCCESS) {
      return Error{Errc::corrupt, "The gateway's answer cannot be read."};
    }
  }
  return lists;
}

// f(family, row, request) for each question that waits.
template <class F>
void for_each_approval(const ApprovalLists& lists, F f) {
  for (std::size_t i = 0; i < kFamilies.size(); ++i) {
    simdjson::dom::array rows;
    if (lists.roots[i].get(rows) != simdjson::SUCCESS) continue;
    for (const element row : rows) {
      element request;
      if (row["request"].get(request) == simdjson::SUCCESS) f(i, row, request);
    }
  }
}

std::string digits_of(const std::string& id) {
  constexpr std::string_view kPlugin = "plugin:";
  return id.starts_with(kPlugin) ? id.substr(kPlugin.size()) : id;
}

std::string asked_at(const element& request) {
  for (const char* key : {"command", "detail", "title"}) {
    std::string text = text_at(request, key);
    if (!text.empty()) return text;
  }
  return "-";
}

// The question that is meant.
struct Picked {
  std::size_t family{};
  std::string id{};
  std::string text{};
};

Result<Picked> pick_approval(const ApprovalLists& lists, const std::string& which) {
  std::optional<Picked> exact;
  std::optional<Picked> begun;
  std::size_t count = 0;
  for_each_approval(lists, [&](std::size_t family, const element& row, const element& request) {
    const std::string id = text_at(row, "id");
    const std::string code = text_at(request, "code");
    Picked picked{
        .family = family,
        .id = id,
        .text = fmt::format("{} (agent {})", asked_at(request), text_at(request, "agentId"))};
    if (id == which || digits_of(id) == which ||
        (!code.empty() && ::strcasecmp(code.c_str(), which.c_str()) == 0)) {
      exact = std::move(picked);
    } else if (!which.empty() && digits_of(id).starts_with(which)) {
      begun = std::move(picked);
      ++count;
    }
  });
  if (exact) return std::move(*exact);
  if (count == 1) return std::move(*begun);
  if (count > 1) {
    return Error{Errc::invalid_argument,
                 fmt::format("\"{}\" is the beginning of more than one; give more of it.",
                             printable(which))};
  }
  return Error{Errc::not_found,
               fmt::format("Nothing waits with the code or id \"{}\": it was answered, or its time "
                           "ran out. `spine approvals list` shows what waits.",
                           printable(which))};
}

int decide_approval(const Arguments& args, const char* decision, const char* word) {
  const auto lists = fetch_approvals(args.common);
  if (!lists) return fail(lists.error());
  const auto picked = pick_approval(**lists, args.approval.which);
  if (!picked) return fail(picked.error());
  const auto answer =
      ask((*lists)->client, fmt::format("{}.approval.resolve", kFamilies[picked->family]),
          fmt::format(R"({{"id":{},"decision":"{}"}})", json_string(picked->id), decision));
  if (!answer) return fail(answer.error());
  if (args.common.json) {
    print_json(*answer);
  } else {
    fmt::print("{}: {}\n", word, printable(picked->text));
  }
  return kExitOk;
}

}  // namespace

int approvals_list(const Arguments& args) {
  const auto lists = fetch_approvals(args.common);
  if (!lists) return fail(lists.error());
  if (args.common.json) {
    print_json(fmt::format(R"({{"exec":{},"plugin":{}}})", (*lists)->json[0], (*lists)->json[1]));
    return kExitOk;
  }
  Table table({"CODE", "ID", "AGENT", "TOOL", "WHAT", "SESSION", "ENDS"});
  std::size_t waiting = 0;
  for_each_approval(**lists, [&](std::size_t, const element& row, const element& request) {
    const std::string tool = text_at(request, "toolName");
    table.add({text_at(request, "code"), digits_of(text_at(row, "id")).substr(0, kIdDigits),
               text_at(request, "agentId"), tool.empty() ? "-" : tool, asked_at(request),
               text_at(request, "sessionKey"), show_time(number_at(row, "expiresAtMs"))});
    ++waiting;
  });
  if (waiting == 0) {
    fmt::print("No agent asks anything.\n");
    return kExitOk;
  }
  fmt::print(
      "{}To answer: spine approvals approve <code>, or deny <code>. No answer in time means "
      "no.\n",
      table.text());
  return kExitOk;
}

int approvals_approve(const Arguments& args) {
  return args.approval.always
             ? decide_approval(args, "allow-always", "Allowed from now on, as the agent keeps it")
             : decide_approval(args, "allow-once", "Allowed once");
}

int approvals_deny(const Arguments& args) {
  return decide_approval(args, "deny", "Denied");
}

}  // namespace spine::cli
