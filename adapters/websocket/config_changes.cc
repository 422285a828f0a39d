// config.set, config.patch and config.apply: what is to change is recorded, then written, then read
// again.
#include <memory>
#include <string>

#include "adapters/websocket/inputs.h"
#include "adapters/websocket/methods.h"
#include "adapters/websocket/net_log.h"
#include "adapters/websocket/put_text.h"
#include "adapters/websocket/respond.h"
#include "engine/config/edit.h"

namespace spine::net::handlers {
namespace {

using core::ReplyCode;

constexpr std::uint64_t kEditWindowMs = 60'000;
constexpr std::uint32_t kEditsPerWindow = 30;

config::EditKind kind_of(std::string_view method) {
  if (method == "config.patch") return config::EditKind::patch;
  return method == "config.apply" ? config::EditKind::apply : config::EditKind::set;
}

void refuse_edit(Call& call, const config::EditRefusal& refusal) {
  using Why = config::EditRefusal::Why;
  Refusal out{.message = refusal.message};
  switch (refusal.why) {
    case Why::base_hash_required:
      out.details = details_of("CONFIG_BASE_HASH_REQUIRED", "base_hash_required");
      break;
    case Why::base_hash_stale:
      out.details = details_of("CONFIG_CHANGED", "base_hash_stale");
      break;
    case Why::not_allowed:
      out.code = error_code::kForbidden;
      out.details = details_of("CONFIG_PATH_PROTECTED", "not_allowed");
      break;
    case Why::io:
      out.code = error_code::kUnavailable;
      break;
    case Why::invalid:
    case Why::too_large:
      out.details = details_of("CONFIG_INVALID", "invalid");
      break;
  }
  refuse(call.net, call.slot, call.id, out);
}

// False when the minute's edits are used up, or another is being written.
bool may_edit(Call& call) {
  Context& net = call.net;
  if (net.editing) {
    refuse_rate_limited(net, call.slot, call.id, "config", "another edit is being written", 100);
    return false;
  }
  if (net.now_ms() - net.edits_since_ms > kEditWindowMs) {
    net.edits_since_ms = net.now_ms();
    net.edits = 0;
  }
  if (net.edits++ < kEditsPerWindow) return true;
  refuse_rate_limited(net, call.slot, call.id, "config",
                      "the configuration was written 30 times in this minute",
                      net.edits_since_ms + kEditWindowMs - net.now_ms());
  return false;
}

void build_config_changed(Context& net, std::string_view method, const config::PreparedEdit& edit) {
  flatbuffers::FlatBufferBuilder& builder = net.builder;
  builder.Clear();
  const auto name = put_text(builder, method);
  const auto paths = builder.CreateVectorOfStrings(edit.paths);
  const auto diff = put_text(builder, edit.diff);
  const Bits128 now = net.config().shown;
  const Bits128 then = config::shown_hash(edit.redacted_json);
  const fb::Bits128 before{now.hi, now.lo};
  const fb::Bits128 after{then.hi, then.lo};
  fb::ConfigChangedBuilder table{builder};
  table.add_method(name);
  table.add_paths(paths);
  table.add_diff(diff);
  if (edit.existed) table.add_before(&before);
  table.add_after(&after);
  builder.Finish(table.Finish());
}

void write_outcome(http::JsonWriter& json, const std::string& path,
                   const config::PreparedEdit& edit) {
  std::string hash;
  append_hex(hash, edit.after);
  json.begin_object();
  json.member("ok", true);
  if (edit.noop) json.member("noop", true);
  json.key("changedPaths");
  json.begin_array();
  for (const std::string& changed : edit.paths)
    json.value(changed);
  json.end_array();
  json.member("path", path);
  json.member("hash", hash);
  json.member_raw("config", edit.redacted_json);
  json.key("warnings");
  json.begin_array();
  for (const std::string& warning : edit.warnings)
    json.value(warning);
  json.end_array();
  json.end_object();
}

}  // namespace

void config_change(Call& call) {
  const std::string_view raw =
      call.params.text("raw", {.required = true, .bytes_max = limits::kConfigBytesMax});
  const std::string_view base = call.params.text("baseHash", {.bytes_max = 128});
  if (!call.valid() || !may_edit(call)) return;
  const bool local = call.net.hub.table.client[call.slot]->control_socket;
  const std::filesystem::path path = call.net.config().path;
  config::EditOutcome outcome = config::prepare_edit(path,
                                                     {.kind = kind_of(call.method.name),
                                                      .raw = raw,
                                                      .base_hash = base,
                                                      .local = local,
                                                      .given = call.net.options.given},
                                                     call.net.options.getenv_fn);
  if (const auto* refusal = std::get_if<config::EditRefusal>(&outcome)) {
    return refuse_edit(call, *refusal);
  }
  auto edit =
      std::make_unique<config::PreparedEdit>(std::move(std::get<config::PreparedEdit>(outcome)));
  if (edit->noop) {
    Response response{call.net, call.slot, call.id};
    write_outcome(response.json(), path.string(), *edit);
    return response.send();
  }
  build_config_changed(call.net, call.method.name, *edit);
  const std::uint64_t number = call.pend();
  PendingMore& more = call.net.pending.at(number).extra();
  more.text = path.string();
  more.edit = std::move(edit);
  call.net.editing = true;
  call.net.push(fb::EventBody::ConfigChanged, call.slot, number);
}

namespace {

// What is to change is on record: now it may. The disk is waited for, which only operators cause.
Status write_down(Context& net, const PendingMore& more) {
  const Status written = config::write_edit(more.text, *more.edit);
  if (!written) {
    kLog.error("the configuration was not written: {}", written.error().message);
    // What is on record did not come about: that is put on record, too.
    net.builder.Clear();
    net.builder.Finish(fb::CreateConfigRefusedDirect(net.builder, written.error().message.c_str()));
    net.push_own(fb::EventBody::ConfigRefused);
  } else if (net.options.reload) {
    net.options.reload();
  }
  return written;
}

}  // namespace

void on_config_gone(Context& net, PendingRequest& request, const pipeline::ReplyItem& item) {
  net.editing = false;
  if (item.reply.code == ReplyCode::accepted) (void)write_down(net, request.extra());
}

void on_config_change(Answer& answer, const pipeline::ReplyItem& item) {
  answer.net.editing = false;
  if (item.reply.code != ReplyCode::accepted) return refuse_reply(answer, item);
  const PendingMore& more = answer.request().extra();
  if (const Status written = write_down(answer.net, more); !written) {
    return refuse(answer.net, answer.slot, answer.id(),
                  {.code = error_code::kUnavailable, .message = written.error().message});
  }
  Response response{answer.net, answer.slot, answer.id()};
  write_outcome(response.json(), more.text, *more.edit);
  response.send();
}

}  // namespace spine::net::handlers
