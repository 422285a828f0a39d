// What Pi's extensions ask the user, put as a permission to give or refuse.
#include <algorithm>
#include <array>
#include <fmt/format.h>

#include "adapters/agents/protocols/pi.h"
#include "schemas/vocab/ascii.h"
#include "schemas/vocab/json.h"
#include "schemas/vocab/limits.h"
#include "schemas/vocab/utf8.h"

namespace spine::agents {
namespace {

constexpr std::size_t kPiToolBytesMax = 64;

// What choosing an option of a list means, by the words it begins with.
fb::ApprovalDecision meaning_of(std::string_view option) {
  constexpr std::array<std::string_view, 8> kAllowing{"allow",  "yes", "approve", "accept",
                                                      "permit", "ok",  "proceed", "run"};
  const std::string lower = lower_case(option.substr(0, 256));
  const bool allows = std::any_of(kAllowing.begin(), kAllowing.end(), [&](std::string_view word) {
    return lower.starts_with(word) &&
           (lower.size() == word.size() || lower[word.size()] < 'a' || lower[word.size()] > 'z');
  });
  if (!allows) return fb::ApprovalDecision::deny;
  return lower.find("always") != std::string::npos ? fb::ApprovalDecision::allow_always
                                                   : fb::ApprovalDecision::allow_once;
}

// What rules name: "pi:" and what the dialog is called, so that leave for one is none for another.
std::string tool_of_dialog(std::string_view title) {
  if (title.empty()) return "pi";
  return std::string(cut_text(fmt::format("pi:{}", title), kPiToolBytesMax));
}

}  // namespace

void PiProtocol::on_ask(const JsonNode& request) {
  const std::string_view method = request.text("method");
  const bool asks =
      method == "select" || method == "confirm" || method == "input" || method == "editor";
  if (!asks || request.their_id("id").empty()) return;
  const std::string id = request["id"].json();
  if (!run_ || !run_->accepted || run_->cancelled || asks_.size() >= limits::kAgentAsksMax) {
    return refuse_ask(id);
  }
  PiAsk ask{.number = next_ask_, .id = id, .method = std::string(method)};
  if (method == "editor") ask.once = request.text("prefill");
  if (method == "select") {
    request["options"].each([&ask](const JsonNode& option) {
      const fb::ApprovalDecision meaning = meaning_of(option.text());
      if (meaning == fb::ApprovalDecision::deny) return;
      std::string& value = meaning == fb::ApprovalDecision::allow_once ? ask.once : ask.always;
      if (value.empty()) value = option.text();
    });
    if (ask.once.empty() && ask.always.empty()) {
      sink_.log(
          fmt::format("Pi wants one of a list chosen, none of which says yes, and gets none: "
                      "{}",
                      request.text("title").substr(0, 256)));
      return refuse_ask(id);
    }
  }
  put_ask(ask, request);
}

void PiProtocol::put_ask(const PiAsk& ask, const JsonNode& request) {
  ++next_ask_;
  const std::string tool = tool_of_dialog(request.text("title"));
  Permission permission{.ask = ask.number,
                        .kind = fb::ApprovalKind::plugin,
                        .tool = tool,
                        .title = request.text("title"),
                        .detail = request.text("message"),
                        .cwd = profile_.workspace};
  std::string_view once = "Allow";
  if (ask.method == "select") once = ask.once;
  if (ask.method == "input") once = "Answer with an empty text";
  if (ask.method == "editor") {
    once = "Take the text as it stands";
    permission.detail = ask.once;
  }
  // The tool has but the beginning of a long title: the rest is to be remembered, too.
  if (permission.detail.empty()) permission.detail = permission.title;
  if (!once.empty()) {
    permission.options.push_back({"allow", once, fb::ApprovalDecision::allow_once});
  }
  if (!ask.always.empty()) {
    permission.options.push_back({"always", ask.always, fb::ApprovalDecision::allow_always});
  }
  permission.options.push_back({"deny", "Refuse", fb::ApprovalDecision::deny});
  asks_.push_back(ask);
  sink_.asked(run_->id, permission);
}

void PiProtocol::refuse_ask(std::string_view id) {
  sink_.write(json_object([&](JsonWriter& json) {
    json.member("type", "extension_ui_response");
    json.member_raw("id", id);
    json.member("cancelled", true);
  }));
}

void PiProtocol::answer(std::uint64_t number, fb::ApprovalDecision decision) {
  const auto found = std::find_if(asks_.begin(), asks_.end(),
                                  [number](const PiAsk& ask) { return ask.number == number; });
  if (odd_.faulted() || found == asks_.end()) return;
  const PiAsk ask = std::move(*found);
  asks_.erase(found);
  const bool always = decision == fb::ApprovalDecision::allow_always;
  const bool allows = always || decision == fb::ApprovalDecision::allow_once;
  // Leave for ever is given for this once when that is all there is; never the other way round.
  const std::string& value = always && !ask.always.empty() ? ask.always : ask.once;
  const bool chooses = ask.method == "select";
  if (ask.method != "confirm" && (!allows || (chooses && value.empty()))) {
    return refuse_ask(ask.id);
  }
  sink_.write(json_object([&](JsonWriter& json) {
    json.member("type", "extension_ui_response");
    json.member_raw("id", ask.id);
    if (ask.method == "confirm") {
      json.member("confirmed", allows);
    } else {
      json.member("value", value);
    }
  }));
}

void PiProtocol::withdraw_asks() {
  const std::vector<PiAsk> asks = std::move(asks_);
  asks_.clear();
  for (const PiAsk& ask : asks) {
    refuse_ask(ask.id);
    sink_.withdrawn(run_->id, ask.number);
  }
}

}  // namespace spine::agents
