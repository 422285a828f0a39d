// Methods: which methods are served, what each needs, and who reads and answers it.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "adapters/websocket/context.h"
#include "adapters/websocket/params.h"
#include "adapters/websocket/respond.h"
#include "engine/pipeline/messages.h"

namespace spine::net {

struct Method;

// A request that was understood and is allowed, with its parameters. Borrowed for the call.
class Call : public Responder {
 public:
  Call(const Responder& to, const Method& of, Params& sent);

  const Method& method;
  Params& params;  // as they were sent

  // See Arguments.
  std::string_view text(std::string_view name) const { return arguments_.text(name); }
  std::uint64_t number(std::string_view name) const { return arguments_.number(name); }
  bool boolean(std::string_view name) const { return arguments_.boolean(name); }
  simdjson::dom::array list(std::string_view name) const { return arguments_.list(name); }
  bool given(std::string_view name) const { return arguments_.given(name); }
  bool is_null(std::string_view name) const { return arguments_.is_null(name); }
  // Return after it: dispatch() answers `invalid <method> params: at /<name>: <what>`.
  void complain(std::string_view name, std::string_view what) { params.complain(name, what); }

  // False, with the refusal said, when too many questions wait. To be looked at before anything is
  // done that an answer is to follow.
  bool may_ask() const;
  // Puts the request's first question, if it may: else false.
  template <class Then>
  bool ask(const Question& question, Then then) const {
    if (!may_ask()) return false;
    Responder::ask(question, std::move(then));
    return true;
  }

  // False when params complained: return then, dispatch() answers `invalid <method> params: ...`.
  bool valid() const { return params.ok(); }
  std::uint64_t pend();

 private:
  Arguments arguments_;
};

// What the engine said to a pending request. The connection is still there and may be written to.
struct Answer {
  Context& net;
  std::uint32_t slot;
  std::uint64_t number;
  bool keep{};  // set by a handler that asked the next question under the same number

  PendingRequest& request() { return net.pending.at(number); }
  std::string_view id() { return request().id(); }
};

struct Method {
  std::string_view name{};
  Scope scope{};
  ParamList params{};
  void (*call)(Call&){};
  // Who asked is gone, and what the reply allows is to be done all the same.
  void (*on_gone)(Context&, PendingRequest&, const pipeline::ReplyItem&){};
  // One per kind of item the method's questions are answered with.
  void (*on_reply)(Answer&, const pipeline::ReplyItem&){};
  void (*on_sessions)(Answer&, const pipeline::SessionsItem&){};
  void (*on_history)(Answer&, const pipeline::HistoryItem&){};
  void (*on_run)(Answer&, const pipeline::RunItem&){};
  void (*on_status)(Answer&, const pipeline::StatusItem&){};
  void (*on_digest)(Answer&, const pipeline::DigestItem&){};
  void (*on_devices)(Answer&, const pipeline::DevicesItem&){};
  void (*on_pairing)(Answer&, const pipeline::PairingItem&){};
  void (*on_gap)(Answer&, const pipeline::GapItem&){};
  void (*on_approvals)(Answer&, const pipeline::ApprovalsItem&){};
  void (*on_runs)(Answer&, const pipeline::RunsItem&){};

  // Whether it puts questions to the engine, besides or instead of handing something in.
  constexpr bool asks() const {
    return on_sessions != nullptr || on_history != nullptr || on_run != nullptr ||
           on_status != nullptr || on_digest != nullptr || on_devices != nullptr ||
           on_pairing != nullptr || on_gap != nullptr || on_approvals != nullptr ||
           on_runs != nullptr;
  }
};

inline Call::Call(const Responder& to, const Method& of, Params& sent)
    : Responder(to), method(of), params(sent), arguments_(of.params, sent) {}

// One table per namespace, each in the file of that name.
std::span<const Method> agent_methods();
std::span<const Method> chat_methods();
std::span<const Method> session_methods();
std::span<const Method> old_methods();
// All of them, by name ascending.
std::span<const Method> methods();
// nullptr when there is no such method.
const Method* find_method(std::string_view name);

// Whether `granted` satisfies `needed`: admin satisfies all, write satisfies read.
bool satisfies(ScopeSet granted, Scope needed);
// "operator.read" and so on.
std::string_view scope_name(Scope scope);
// Scope::none when there is no such scope.
Scope scope_of(std::string_view name);

// Reads the request's parameters and calls the method, after looking at its scope.
void dispatch(Context& net, std::uint32_t slot, std::string_view id, const Method& method,
              simdjson::dom::element params, bool has_params);

// FORBIDDEN, MISSING_SCOPE.
void refuse_scope(Context& net, std::uint32_t slot, std::string_view id, Scope scope);
// INVALID_REQUEST, INVALID_SESSION_KEY: no session can have that key.
void refuse_key(Context& net, std::uint32_t slot, std::string_view id, std::string_view typed);
// An error for a ReplyItem that is not what the method hoped for.
void refuse_reply(Answer& answer, const pipeline::ReplyItem& item);

namespace handlers {
// gateway_methods.cc
void health(Call&);
void on_health(Answer&, const pipeline::SessionsItem&);
void status(Call&);
void on_status(Answer&, const pipeline::SessionsItem&);
void system_presence(Call&);
void spine_status(Call&);
void on_spine_status(Answer&, const pipeline::StatusItem&);
void spine_digest(Call&);
void on_spine_digest(Answer&, const pipeline::DigestItem&);
// config_methods.cc
void config_get(Call&);
void commands_list(Call&);
void channels_status(Call&);
void logs_tail(Call&);
// approval_methods.cc
void approval_list(Call&);
void on_approval_list(Answer&, const pipeline::ApprovalsItem&);
void exec_approval_get(Call&);
void on_exec_approval_get(Answer&, const pipeline::ApprovalsItem&);
void approval_get(Call&);
void on_approval_get(Answer&, const pipeline::ApprovalsItem&);
void approval_resolve(Call&);
void on_approval_found(Answer&, const pipeline::ApprovalsItem&);
void on_approval_resolved(Answer&, const pipeline::ReplyItem&);
void approval_wait(Call&);
void on_approval_wait(Answer&, const pipeline::ApprovalsItem&);
// device_methods.cc
void device_pair_list(Call&);
void on_device_pair_list(Answer&, const pipeline::DevicesItem&);
void device_pair_approve(Call&);
void on_device_pair_approve(Answer&, const pipeline::ReplyItem&);
void device_pair_reject(Call&);
void device_pair_remove(Call&);
void device_pair_rename(Call&);
void on_device_changed(Answer&, const pipeline::ReplyItem&);
void device_token_rotate(Call&);
void on_device_token_rotate_found(Answer&, const pipeline::DevicesItem&);
void on_device_token_rotate(Answer&, const pipeline::ReplyItem&);
void device_token_revoke(Call&);
void on_device_token_revoke(Answer&, const pipeline::ReplyItem&);
// pairing_methods.cc
void channels_pairing_list(Call&);
void on_channels_pairing_list(Answer&, const pipeline::PairingItem&);
void channels_pairing_approve(Call&);
void channels_pairing_dismiss(Call&);
void on_channels_pairing_resolved(Answer&, const pipeline::ReplyItem&);
// system_methods.cc
void wake(Call&);
void system_event(Call&);
void on_system_message(Answer&, const pipeline::ReplyItem&);
// skills_methods.cc
void skills_status(Call&);
// later_methods.cc
void nothing_yet(Call&);
void cron_list(Call&);
void cron_status(Call&);
void last_heartbeat(Call&);
void gateway_identity_get(Call&);
// config_changes.cc
void config_change(Call&);
void on_config_change(Answer&, const pipeline::ReplyItem&);
void on_config_gone(Context&, PendingRequest&, const pipeline::ReplyItem&);
// resume_methods.cc
void resume(Call&);
void on_resume_gap(Answer&, const pipeline::GapItem&);
void on_resume_sessions(Answer&, const pipeline::SessionsItem&);
}  // namespace handlers

}  // namespace spine::net
