// The fake engine's sessions: found by the keys that clients type, changed and listed.
#include <deque>

#include "engine/core/session_key.h"
#include "tests/unit/websocket/fake_engine.h"

namespace spine::test {

using pipeline::InputHeader;
namespace input_kind = pipeline::input_kind;

// By the engine's own rule.
std::string FakeEngine::key_of(std::string_view typed) const {
  core::KeyBuffer key;
  const auto exists = [this](std::string_view whole) {
    return sessions_.contains(std::string{whole});
  };
  const bool good = core::typed_session_key(core::Policy{}, "main", typed, {1, 2}, exists, key);
  return good ? std::string{key.view()} : std::string{};
}

FakeEngine::Session* FakeEngine::find_session(const std::string& key) {
  const auto at = sessions_.find(key);
  return at == sessions_.end() ? nullptr : &at->second;
}

void FakeEngine::patch(const InputHeader& header, std::string_view typed) {
  const std::string key = key_of(typed);
  if (find_session(key) == nullptr) return reply(header, {.code = core::ReplyCode::not_found}, key);
  reply(header, {.seq = Seq{seq_++}}, key);
}

void FakeEngine::close_session(const InputHeader& header, std::string_view typed, bool reset) {
  const std::string key = key_of(typed);
  Session* session = find_session(key);
  if (key.empty()) return reply(header, {.code = core::ReplyCode::malformed_key});
  if (session == nullptr) return reply(header, {.code = core::ReplyCode::not_found}, key);
  if (!reset && key == "agent:main:main") {
    return reply(header, {.code = core::ReplyCode::refused_main}, key);
  }
  session->events.clear();
  session->view.message_count = 0;
  reply(header, {.seq = Seq{seq_++}}, key);
  if (!reset) sessions_.erase(key);
}

void FakeEngine::resolve_keys(const InputHeader& header, std::string_view list) {
  std::deque<std::string> keys;
  pipeline::SessionsItem item{};
  pipeline::KeyList::for_each(list, [&](std::string_view typed) {
    item.sessions.emplace_back().key = keys.emplace_back(key_of(typed));
    item.malformed = item.malformed || keys.back().empty();
  });
  write(out_, header.connection, header.request, item);
}

void FakeEngine::query_sessions(const InputHeader& header, std::string_view text) {
  pipeline::SessionsItem item{};
  item.as_of = Seq{seq_};
  const bool one = header.kind == input_kind::kQuerySession;
  const std::string asked = key_of(text);
  item.key = asked;
  item.malformed = one && asked.empty();
  for (auto& [key, session] : sessions_) {
    if (one && key != asked) continue;
    ++item.total;
    if (one || item.sessions.size() < header.b) item.sessions.push_back(session.view);
  }
  write(out_, header.connection, header.request, item);
}

}  // namespace spine::test
