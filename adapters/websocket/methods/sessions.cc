// sessions.*: lists and look-ups, subscriptions, and what is changed about sessions. (Messages to
// sessions are in chat.cc.)
#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "adapters/websocket/methods/methods.h"
#include "adapters/websocket/protocol/inputs.h"
#include "adapters/websocket/protocol/rows.h"
#include "engine/core/sessions/session_key.h"
#include "schemas/vocab/uuid.h"

namespace spine::net {
namespace {

namespace input_kind = pipeline::input_kind;
using core::ReplyCode;

constexpr std::uint64_t kListDefault = 100;
constexpr std::uint64_t kListMax = 1'000;
constexpr std::size_t kPreviewsMax = 64;
constexpr std::uint64_t kByLabel = 1;
constexpr std::uint64_t kBySessionId = 2;

// More than a page holds may be asked for: limitApplied says what was given.
constexpr Param kPageLimit = number("limit", 1, kNumberMax, kListDefault);
constexpr Param kPageOffset = number("offset", 0, limits::kSessionsMax, 0);
constexpr Param kAgentId = optional_text("agentId", limits::kNameBytesMax);

// Which sessions a list shows.
struct SessionPage {
  std::uint64_t offset{};
  std::uint64_t limit{};
};

SessionPage page_of(const Call& call) {
  return {call.number("offset"), std::min(call.number("limit"), kListMax)};
}

Question question_of(const Call& call, SessionPage page) {
  return {input_kind::kQuerySessions, call.text("agentId"), page.offset, page.limit};
}

// As many rows as fit a page, as sent: names of sessions may be long. Returns how many.
std::size_t render_rows(const Responder& to, const pipeline::SessionsItem& item,
                        std::string& rows) {
  JsonWriter json{rows};
  std::size_t count = 0;
  for (const core::SessionView& session : item.sessions) {
    if (count != 0 && rows.size() > limits::kHistoryBytesMax) break;
    write_session(json, to.net.config(), session, to.wall_ms());
    ++count;
  }
  return count;
}

void write_page(JsonWriter& json, const Responder& to, SessionPage page,
                const pipeline::SessionsItem& item) {
  std::string rows;
  const std::size_t count = render_rows(to, item, rows);
  const std::uint64_t next = page.offset + count;
  const bool has_more = next < item.total;
  json.member("ts", to.wall_ms());
  json.member("path", "journal");
  json.member("count", count);
  json.member("totalCount", item.total);
  json.member("limitApplied", page.limit);
  has_more ? json.member("nextOffset", next) : json.member_null("nextOffset");
  json.member("hasMore", has_more);
  json.member_raw("owners", "[]");
  write_defaults(json, "defaults", to.net.config());
  json.array("sessions", [&] {
    if (count != 0) json.raw(rows);
  });
}

void sessions_list(Call& call) {
  const SessionPage page = page_of(call);
  call.ask(question_of(call, page), [page](Responder& to, const pipeline::SessionsItem& item) {
    to.respond([&](JsonWriter& json) { write_page(json, to, page, item); });
  });
}

void sessions_describe(Call& call) {
  call.ask({input_kind::kQuerySession, call.text("key")},
           [](Responder& to, const pipeline::SessionsItem& item) {
             if (item.malformed) return to.refuse_key({});
             to.respond([&](JsonWriter& json) {
               if (item.sessions.empty()) return json.member_null("session");
               json.key("session");
               write_session(json, to.net.config(), item.sessions.front(), to.wall_ms());
             });
           });
}

void answer_resolved(Responder& to, const core::SessionView& session) {
  to.respond([&](JsonWriter& json) {
    json.member("ok", true);
    json.member("key", session.key);
    json.member("agentId", session.agent_id);
    json.member("sessionId", uuid_string(session.uuid));
  });
}

void sessions_resolve(Call& call) {
  const std::string_view key = call.text("key");
  const std::string_view label = call.text("label");
  const std::string_view id =
      call.text("sessionId").empty() ? call.text("shortId") : call.text("sessionId");
  const std::array<std::string_view, 3> given{key, label, id};
  if (std::ranges::count(given, std::string_view{}) != 2) {
    return call.complain("key", "exactly one of key, sessionId, label, shortId is needed");
  }
  const std::string_view asked = !key.empty() ? key : !label.empty() ? label : id;
  const Question question = !key.empty() ? Question{input_kind::kQuerySession, asked}
                                         : Question{input_kind::kQueryFindSession, asked,
                                                    label.empty() ? kBySessionId : kByLabel};
  call.ask(question, [asked = std::string{asked}, allow_missing = call.boolean("allowMissing")](
                         Responder& to, const pipeline::SessionsItem& item) {
    if (item.malformed) return to.refuse_key(asked);
    if (item.sessions.size() == 1) return answer_resolved(to, item.sessions.front());
    if (item.sessions.size() > 1) return to.refuse("More than one session found: " + asked);
    if (!allow_missing) return to.refuse("No session found: " + asked);
    to.respond([](JsonWriter& json) { json.member("ok", false); });
  });
}

void sessions_subscribe(Call& call) {
  const bool with_list = call.given("limit") || call.given("offset") || call.given("agentId");
  const SessionPage page = page_of(call);
  if (with_list &&
      !call.ask(question_of(call, page), [page](Responder& to, const pipeline::SessionsItem& item) {
        to.respond([&](JsonWriter& json) {
          json.member("subscribed", true);
          json.object("list", [&] { write_page(json, to, page, item); });
        });
      })) {
    return;
  }
  call.net.watch_sessions(call.slot);
  call.net.hub.table.set(call.slot, connection_flag::kAllSessions);
  if (!with_list) call.respond_raw("{\"subscribed\":true}");
}

void answer_subscribed(Responder& to, std::string_view key, bool subscribed) {
  to.respond([&](JsonWriter& json) {
    json.member("subscribed", subscribed);
    json.member("key", key);
  });
}

void messages_subscribe(Call& call) {
  // Before the answer, so that no event after it is missed.
  call.net.watch_sessions(call.slot);
  call.ask_key(call.text("key"), [](Responder& to, const pipeline::ReplyItem& item) {
    if (!to.accepted(item)) return;
    Context& net = to.net;
    std::vector<std::string>& keys = net.hub.table.client[to.slot]->keys;
    if (std::ranges::find(keys, item.session_key) == keys.end()) {
      if (keys.size() >= limits::kSubscribedKeysMax) {
        return to.refuse("too many subscriptions on this connection");
      }
      if (net.subscribed_keys >= limits::kSubscribedKeysAllMax) {
        return to.refuse_rate_limited("subscriptions", "too many subscriptions of all connections",
                                      1'000);
      }
      keys.emplace_back(item.session_key);
      ++net.subscribed_keys;
    }
    answer_subscribed(to, item.session_key, true);
  });
}

void messages_unsubscribe(Call& call) {
  call.ask_key(call.text("key"), [](Responder& to, const pipeline::ReplyItem& item) {
    if (!to.accepted(item)) return;
    std::vector<std::string>& keys = to.net.hub.table.client[to.slot]->keys;
    to.net.subscribed_keys -= std::erase(keys, item.session_key);
    answer_subscribed(to, item.session_key, false);
  });
}

void write_preview(JsonWriter& json, std::string_view key, const pipeline::HistoryItem& item,
                   std::size_t bytes_max) {
  json.object([&] {
    json.member("key", key);
    json.member("status", !item.found ? "missing" : item.events.empty() ? "empty" : "ok");
    json.array("items", item.events,
               [&](const EventView& event) { write_preview_item(json, event, bytes_max); });
  });
}

void answer_previews(const Responder& to, std::string_view rows) {
  to.respond([&](JsonWriter& json) {
    json.member("ts", to.wall_ms());
    json.array("previews", [&] {
      if (!rows.empty()) json.raw(rows);
    });
  });
}

void end_preview(Responder& to) {
  to.net.hub.table.unset(to.slot, connection_flag::kPreviewing);
  --to.net.previews;
}

// Gathers the last messages of one session after the other.
struct Preview {
  std::uint64_t messages{};   // of each session
  std::uint64_t bytes_max{};  // of each message
  std::vector<std::string> keys{};
  std::size_t at{};
  std::string rows{};

  void failed(Responder& to) { end_preview(to); }
  void ask_next(Responder& to) {
    const Question question{input_kind::kQueryMessages, keys[at], messages};
    to.ask(question, std::move(*this));
  }
  void operator()(Responder& to, const pipeline::HistoryItem& item) {
    if (at != 0) rows += ',';
    JsonWriter json{rows};
    write_preview(json, keys[at], item, bytes_max);
    if (++at < keys.size() && rows.size() < limits::kPreviewBytesMax) return ask_next(to);
    end_preview(to);
    answer_previews(to, rows);
  }
};

// First which sessions the keys name, then their messages.
struct PreviewedSessions {
  Preview preview{};

  void failed(Responder& to) { end_preview(to); }
  void operator()(Responder& to, const pipeline::SessionsItem& item) {
    if (item.malformed) {
      end_preview(to);
      return to.refuse_key({});
    }
    for (const core::SessionView& session : item.sessions) {
      if (std::ranges::find(preview.keys, session.key) != preview.keys.end()) continue;
      preview.keys.emplace_back(session.key);
    }
    preview.ask_next(to);
  }
};

void sessions_preview(Call& call) {
  if (!call.given("keys")) return call.complain("keys", "must be an array of keys");
  pipeline::KeyList wanted;
  std::size_t count = 0;
  for (const simdjson::dom::element element : call.list("keys")) {
    std::string_view key;
    if (element.get(key) != simdjson::SUCCESS || key.size() > limits::kKeyBytesMax) {
      return call.complain("keys", "items must be session keys");
    }
    if (++count <= kPreviewsMax) wanted.add(key);
  }
  if (count == 0) return answer_previews(call, {});
  // What is gathered may be megabytes: one at a time.
  if (call.net.hub.table.flag(call.slot, connection_flag::kPreviewing) ||
      call.net.previews == limits::kPreviewsAtOnceMax) {
    return call.refuse_rate_limited("previews", "another preview is being gathered", 100);
  }
  const Preview preview{call.number("limit"), call.number("maxChars")};
  if (!call.ask({input_kind::kResolveKeys, wanted.view()}, PreviewedSessions{preview})) return;
  call.net.hub.table.set(call.slot, connection_flag::kPreviewing);
  ++call.net.previews;
}

// The journal keeps everything, and the echo agent has no context that could grow too long.
void sessions_compact(Call& call) {
  call.ask({input_kind::kQuerySession, call.text("key")},
           [](Responder& to, const pipeline::SessionsItem& item) {
             if (item.malformed) return to.refuse_key({});
             if (item.sessions.empty()) {
               return to.refuse("No session found: " + std::string{item.key});
             }
             to.respond([&](JsonWriter& json) {
               json.member("ok", true);
               json.member("key", item.key);
               json.member("compacted", false);
               json.member("reason", "the agent keeps no context of its own");
             });
           });
}

void write_resolved(JsonWriter& json, const config::Config& config, std::string_view key) {
  const ModelName model = model_of(config, core::agent_of_key(key));
  json.object("resolved", [&] {
    json.member("modelProvider", model.provider);
    json.member("model", model.model);
  });
}

// The session as it is now.
void write_entry(JsonWriter& json, std::string_view uuid, std::string_view label,
                 std::int64_t wall_ms) {
  json.object("entry", [&] {
    json.member("sessionId", uuid);
    json.member("updatedAt", wall_ms);
    json.member_if("label", label);
  });
}

void refuse_label(Responder& to, const std::string& label) {
  to.refuse("label already in use: " + label, "LABEL_TAKEN", "label_taken");
}

// A session that is being opened, and the message it is opened for.
struct NewSession {
  Bits128 uuid{};
  std::string key{};
  std::string label{};
  std::string message{};

  // `refused`: why the message was not taken; empty = it was, or there was none.
  void answer(Responder& to, bool run_started, std::string_view refused = {}) const {
    const std::string id = uuid_string(uuid);
    to.respond([&](JsonWriter& json) {
      json.member("ok", true);
      json.member("key", key);
      json.member("sessionId", id);
      write_entry(json, id, label, to.net.wall_ms);
      json.member("runStarted", run_started);
      json.member_if("messageRefused", refused);
      write_resolved(json, to.net.config(), key);
    });
  }
};

void send_first_message(Responder& client, NewSession made) {
  const std::string key = uuid_string(as_uuid(client.net.entropy.next()));
  const fb::EventBody kind = build_operator_message(client.net, client.slot,
                                                    {.via = fb::MessageVia::chat,
                                                     .session_key = made.key,
                                                     .text = made.message,
                                                     .idempotency_key = key});
  client.submit(kind, [made = std::move(made)](Responder& to, const pipeline::ReplyItem& item) {
    const ReplyCode code = item.reply.code;
    if (code == ReplyCode::accepted) return made.answer(to, static_cast<bool>(item.reply.run));
    made.answer(to, false,
                code == ReplyCode::missing_scope ? "missing scope: operator.admin"
                                                 : "the message was not accepted: send it again");
  });
}

fb::EventBody build_session_opened(Context& net, const NewSession& made, std::string_view agent) {
  return net.build([&](flatbuffers::FlatBufferBuilder& builder) {
    const auto key = put_text(builder, made.key);
    const auto agent_id = put_text(builder, agent);
    const auto channel = put_text(builder, "webchat");
    const auto label = put_text(builder, made.label);
    const fb::Bits128 id = put_bits(made.uuid);
    return fb::CreateSessionOpened(builder, key, agent_id, &id, fb::ConversationKind::direct,
                                   channel, 0, label);
  });
}

void sessions_create(Call& call) {
  std::string_view agent = call.text("agentId");
  if (agent.empty()) agent = call.net.config().default_agent;
  NewSession made{.uuid = as_uuid(call.net.entropy.next()),
                  .key = "agent:" + std::string{agent} +
                         ":dashboard:" + uuid_string(as_uuid(call.net.entropy.next())),
                  .label = std::string{call.text("label")},
                  .message = std::string{call.text("message")}};
  const fb::EventBody kind = build_session_opened(call.net, made, agent);
  call.submit(kind,
              [made = std::move(made)](Responder& to, const pipeline::ReplyItem& item) mutable {
                if (item.reply.code == ReplyCode::label_taken) return refuse_label(to, made.label);
                if (!to.accepted(item)) return;
                if (made.message.empty()) return made.answer(to, false);
                send_first_message(to, std::move(made));
              });
}

struct MarkParam {
  std::string_view name{};
  fb::SessionField field{};
  fb::SessionMark mark{};
};
constexpr std::array<MarkParam, 3> kMarks{{
    {"archived", fb::SessionField::archived, fb::SessionMark::archived},
    {"pinned", fb::SessionField::pinned, fb::SessionMark::pinned},
    {"unread", fb::SessionField::unread, fb::SessionMark::unread},
}};

// What was sent is changed; null takes a text away.
fb::EventBody build_session_patched(Call& call) {
  fb::SessionField fields{};
  fb::SessionMark marks{};
  const auto text = [&](std::string_view name, fb::SessionField field) {
    if (call.given(name) || call.is_null(name)) fields |= field;
    return put_text(call.net.builder, call.text(name));
  };
  for (const MarkParam& row : kMarks) {
    if (call.given(row.name)) fields |= row.field;
    if (call.boolean(row.name)) marks |= row.mark;
  }
  return call.net.build([&](flatbuffers::FlatBufferBuilder& builder) {
    const auto label = text("label", fb::SessionField::label);
    const auto thinking = text("thinkingLevel", fb::SessionField::thinking_level);
    const auto model = text("model", fb::SessionField::model);
    return fb::CreateSessionPatched(builder, static_cast<std::uint32_t>(fields), label, thinking,
                                    model, static_cast<std::uint32_t>(marks));
  });
}

void sessions_patch(Call& call) {
  call.submit(
      build_session_patched(call), {.session_key = call.text("key")},
      [label = std::string{call.text("label")}](Responder& to, const pipeline::ReplyItem& item) {
        if (item.reply.code == ReplyCode::label_taken) return refuse_label(to, label);
        if (!to.accepted(item)) return;
        to.respond([&](JsonWriter& json) {
          json.member("ok", true);
          json.member("path", "journal");
          json.member("key", item.session_key);
          write_entry(json, uuid_string(item.session_uuid), label, to.net.wall_ms);
          write_resolved(json, to.net.config(), item.session_key);
        });
      });
}

void sessions_reset(Call& call) {
  const Bits128 uuid = as_uuid(call.net.entropy.next());
  const fb::EventBody kind = call.net.build([&](flatbuffers::FlatBufferBuilder& builder) {
    const fb::Bits128 id = put_bits(uuid);
    return fb::CreateSessionReset(builder, fb::ResetReason::manual, &id);
  });
  call.submit(kind, {.session_key = call.text("key")},
              [](Responder& to, const pipeline::ReplyItem& item) {
                if (!to.accepted(item)) return;
                to.respond([&](JsonWriter& json) {
                  json.member("ok", true);
                  json.member("key", item.session_key);
                  write_entry(json, uuid_string(item.session_uuid), {}, to.net.wall_ms);
                  write_defaults(json, "resolved", to.net.config());
                });
              });
}

void sessions_delete(Call& call) {
  const fb::EventBody kind = call.net.build([](flatbuffers::FlatBufferBuilder& builder) {
    return fb::CreateSessionClosed(builder, fb::CloseReason::deleted);
  });
  call.submit(kind, {.session_key = call.text("key")},
              [](Responder& to, const pipeline::ReplyItem& item) {
                if (item.reply.code == ReplyCode::refused_main) {
                  return to.refuse("Cannot delete the main session (" +
                                   std::string{item.session_key} + ").");
                }
                const bool missing = item.reply.code == ReplyCode::not_found;
                if (!missing && !to.accepted(item)) return;
                to.respond([&](JsonWriter& json) {
                  json.member("ok", true);
                  json.member("key", item.session_key);
                  json.member("deleted", !missing);
                  json.member_raw("archived", "[]");
                });
              });
}

constexpr Method kSessionMethods[]{
    {"sessions.list", Scope::read, {kPageLimit, kPageOffset, kAgentId}, sessions_list, kPast},
    {"sessions.describe", Scope::read, {session_key("key")}, sessions_describe, kPast},
    {"sessions.resolve",
     Scope::read,
     {optional_text("key", limits::kKeyBytesMax), optional_text("label", limits::kKeyBytesMax),
      optional_text("sessionId", limits::kKeyBytesMax),
      optional_text("shortId", limits::kKeyBytesMax), boolean("allowMissing")},
     sessions_resolve,
     kPast},
    {"sessions.subscribe", Scope::read, {kPageLimit, kPageOffset, kAgentId}, sessions_subscribe},
    {"sessions.messages.subscribe", Scope::read, {session_key("key")}, messages_subscribe},
    {"sessions.messages.unsubscribe", Scope::read, {session_key("key")}, messages_unsubscribe},
    {"sessions.preview",
     Scope::read,
     {list("keys"), number("limit", 1, 50, 12), number("maxChars", 20, 2'000, 240)},
     sessions_preview,
     kPast},
    {"sessions.compact", Scope::admin, {session_key("key")}, sessions_compact},
    {"sessions.create",
     Scope::write,
     {kAgentId, optional_text("label", limits::kNameBytesMax, 1),
      optional_text("message", limits::kTextBytesMax)},
     sessions_create},
    {"sessions.patch",
     Scope::write,
     {session_key("key"), optional_text("label", limits::kNameBytesMax),
      optional_text("model", limits::kNameBytesMax),
      optional_text("thinkingLevel", limits::kNameBytesMax), boolean("archived"), boolean("pinned"),
      boolean("unread")},
     sessions_patch},
    {"sessions.reset", Scope::admin, {session_key("key")}, sessions_reset},
    {"sessions.delete", Scope::admin, {session_key("key")}, sessions_delete},
};

}  // namespace

std::span<const Method> session_methods() {
  return kSessionMethods;
}

}  // namespace spine::net
