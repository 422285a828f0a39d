// Responses and pushes: the frames that leave.
#pragma once

#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "adapters/websocket/protocol/context.h"
#include "engine/core/questions/past.h"
#include "engine/pipeline/items/messages.h"
#include "schemas/vocab/json.h"

namespace spine::net {

// The error codes of the protocol.
namespace error_code {
inline constexpr std::string_view kInvalidRequest = "INVALID_REQUEST";
inline constexpr std::string_view kForbidden = "FORBIDDEN";
inline constexpr std::string_view kNotPaired = "NOT_PAIRED";
inline constexpr std::string_view kUnavailable = "UNAVAILABLE";
}  // namespace error_code

struct Refusal {
  std::string_view code{error_code::kInvalidRequest};
  std::string message{};
  std::string details{};  // a JSON object, or empty
  bool retryable{};
  std::uint64_t retry_after_ms{};
};

// Who asked, and the ways to answer: with a payload, with an error, or later, when the engine has
// been asked. Borrowed for the call. Thread: net.
class Responder {
 public:
  Responder(Context& context, std::uint32_t connection, std::string_view request)
      : net(context), slot(connection), id(request) {}

  Context& net;
  std::uint32_t slot;
  std::string_view id;  // of the request
  AsOf as_of{};         // what it is about; of an answer: what that is about

  const Client& client() const { return *net.hub.table.client[slot]; }
  ConnectionRef ref() const { return net.hub.table.ref(slot); }
  // Whether the connection's scopes satisfy this one.
  bool may(Scope scope) const { return satisfies(net.hub.table.scopes[slot], scope); }

  // Whether the request is about the past.
  bool about_past() const { return as_of.seq || !as_of.moment.empty(); }
  // The wall clock of the moment that the answer is about.
  std::int64_t wall_ms() const { return as_of.seq ? as_of.wall_ms : net.wall_ms; }

  // {"type":"res","id":ID,"ok":true,"payload":...}: the payload is what write(json) writes, one
  // value / an object of these members / this text. An answer about the past has `asOf`: {seq, ts}
  // in the object, or beside any other payload. REQUIRES: hub.writable(slot).
  template <std::invocable<JsonWriter&> Write>
  void respond_value(Write write) const {
    JsonWriter json = begin(true);
    write(json);
    write_as_of(json);
    end(json);
  }
  template <std::invocable<JsonWriter&> Write>
  void respond(Write write) const {
    JsonWriter json = begin(true);
    json.object([&] {
      write(json);
      write_as_of(json);
    });
    end(json);
  }
  void respond_raw(std::string_view payload) const {
    respond_value([payload](JsonWriter& json) { json.raw(payload); });
  }

  // Error responses. Nothing happens when frames may no longer be queued for the connection.
  void refuse(const Refusal& refusal) const;
  // INVALID_REQUEST, the latter with details_of().
  void refuse(std::string message) const { refuse(Refusal{.message = std::move(message)}); }
  void refuse(std::string message, std::string_view code, std::string_view reason) const;
  // FORBIDDEN, MISSING_SCOPE.
  void refuse_scope(Scope scope) const;
  // INVALID_SESSION_KEY: no session can have that key; empty = it is not said which.
  void refuse_key(std::string_view typed) const;
  // RATE_LIMITED, to be tried again later; `reason` names the bound. Counts nothing.
  void refuse_rate_limited(std::string_view reason, std::string message,
                           std::uint64_t retry_after_ms) const;
  // The error response for a reply of the engine that is not a success.
  void refuse_reply(const pipeline::ReplyItem& item) const;
  // The error response for a question about the past that has no answer.
  void refuse_past(const core::PastFailureItem& item) const;
  // Whether the input was accepted; else it is refused.
  bool accepted(const pipeline::ReplyItem& item) const;

  // Puts a question to the engine or its follower, or about the past when the request is. Then
  // there may be no answer: the request is refused, after a call of then.failed(to) if it has such
  // a member. `then(to, item)` is called with the answer, if
  // the client is still there (see Continuation). `question` must not borrow from `then`: it moves.
  template <class Then>
  void ask(const Question& question, Then then) const {
    const std::uint64_t request = pend(std::move(then));
    about_past() ? net.query_past(as_of, question, slot, request)
                 : net.query(question, slot, request);
  }
  // Which session a typed key names, at once: the answer is a ReplyItem.
  template <class Then>
  void ask_key(std::string_view typed, Then then) const {
    if (about_past()) return ask({pipeline::input_kind::kResolveKey, typed}, std::move(then));
    net.ask_key(slot, pend(std::move(then)), typed);
  }
  // Hands in the input of that kind whose body net.builder holds: the answer is a ReplyItem.
  template <class Then>
  void submit(fb::EventBody kind, const pipeline::InputNames& names, Then then) const {
    net.push(kind, slot, pend(std::move(then)), names);
  }
  template <class Then>
  void submit(fb::EventBody kind, Then then) const {
    submit(kind, {}, std::move(then));
  }

 private:
  // A frame up to its payload or error, and its end behind that.
  JsonWriter begin(bool ok) const;
  void end(JsonWriter& json) const;
  void write_as_of(JsonWriter& json) const {
    if (!as_of.seq) return;
    json.object("asOf", [&] {
      json.member("seq", as_of.seq.value);
      json.member("ts", as_of.wall_ms);
    });
  }
  template <class Then>
  std::uint64_t pend(Then then) const {
    return net.pending.add(ref(), id, std::move(then));
  }
};

// {"code":CODE,"reason":REASON}
std::string details_of(std::string_view code, std::string_view reason);
// A full disk and a full table are told apart: their remedies differ.
Refusal disk_full_refusal();
Refusal table_full_refusal();

// An event: write the payload with json() once, then send it to as many as it is for.
class Push {
 public:
  // REQUIRES: one at a time; the payload is built in net.scratch.
  Push(Context& net, std::string_view event);
  JsonWriter& json() { return json_; }
  // With the connection's next seq. Skips connections that may not be written to.
  void to(std::uint32_t slot) { put(slot, true); }
  // Without a seq: meant for this connection alone.
  void targeted(std::uint32_t slot) { put(slot, false); }
  // Presence and health pushes carry both counters.
  void with_state_version() { state_version_ = true; }

 private:
  void put(std::uint32_t slot, bool numbered);
  Context& net_;
  std::string_view event_;
  JsonWriter json_;
  bool state_version_{};
};

}  // namespace spine::net
