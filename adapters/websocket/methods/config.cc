// config.*: shows the configuration and changes it: a change is journalled, then written to the
// file, then the file is reloaded.
#include <memory>
#include <string>

#include "adapters/websocket/methods/methods.h"
#include "adapters/websocket/protocol/inputs.h"
#include "adapters/websocket/protocol/net_log.h"
#include "engine/config/edit/edit.h"
#include "engine/config/settings/schema.h"
#include "schemas/vocab/show.h"

namespace spine::net {
namespace {

constexpr std::uint64_t kEditWindowMs = 60'000;
constexpr std::uint32_t kEditsPerWindow = 30;

void config_get(Call& call) {
  const config::Config& config = call.net.config();
  const std::string_view parsed =
      config.redacted_json.empty() ? std::string_view{"{}"} : config.redacted_json;
  call.respond([&](JsonWriter& json) {
    json.member("path", config.path.string());
    json.member("exists", config.exists);
    // The file's own text may hold secrets in any spelling; what is shown is the redacted value.
    json.member("raw", config.raw);
    json.member_raw("parsed", parsed);
    json.member_raw("sourceConfig", parsed);
    json.member_raw("config", parsed);
    json.member("valid", true);
    json.member_raw("issues", "[]");
    json.array("warnings", config.warnings);
    json.member("hash", show_hex(config.hash));
  });
}

// What a configuration may hold: of the whole file.
void config_schema(Call& call) {
  static const std::string schema = config::json_schema();
  call.respond([&](JsonWriter& json) {
    json.member_raw("schema", schema);
    json.member_raw("uiHints", "{}");
    json.member("version", call.net.options.version);
  });
}

// The same of one path, whose settings are named by dots.
void config_schema_lookup(Call& call) {
  const Result<std::string> found = config::look_up_schema(call.text("path"));
  if (found) return call.respond_raw(*found);
  call.refuse(found.error().message, "CONFIG_PATH_UNKNOWN", "unknown_path");
}

config::EditKind edit_kind_of(std::string_view method) {
  if (method == "config.patch") return config::EditKind::patch;
  return method == "config.apply" ? config::EditKind::apply : config::EditKind::set;
}

Refusal refusal_of(const config::EditRefusal& refusal) {
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
  return out;
}

// False when the rate limit of edits is reached, or another edit is being written.
bool may_edit(const Call& call) {
  Context& net = call.net;
  if (net.edits.under_way) {
    call.refuse_rate_limited("config", "another edit is being written", 100);
    return false;
  }
  if (net.now_ms() - net.edits.since_ms > kEditWindowMs) {
    net.edits.since_ms = net.now_ms();
    net.edits.count = 0;
  }
  if (net.edits.count++ < kEditsPerWindow) return true;
  call.refuse_rate_limited("config", "the configuration was written 30 times in this minute",
                           net.edits.since_ms + kEditWindowMs - net.now_ms());
  return false;
}

fb::EventBody build_config_changed(Context& net, std::string_view method,
                                   const config::PreparedEdit& edit) {
  return net.build([&](flatbuffers::FlatBufferBuilder& builder) {
    const auto name = put_text(builder, method);
    const auto paths = builder.CreateVectorOfStrings(edit.paths);
    const auto diff = put_text(builder, edit.diff);
    const fb::Bits128 before = put_bits(net.config().shown);
    const fb::Bits128 after = put_bits(config::shown_hash(edit.redacted_json));
    fb::ConfigChangedBuilder table{builder};
    table.add_method(name);
    table.add_paths(paths);
    table.add_diff(diff);
    if (edit.existed) table.add_before(&before);
    table.add_after(&after);
    return table.Finish();
  });
}

// An edit that is being journalled; it is written even if the client is gone by then.
struct ConfigChange {
  std::filesystem::path path{};
  std::unique_ptr<config::PreparedEdit> edit{};

  void operator()(Responder& to, const pipeline::ReplyItem& item) const {
    to.net.edits.under_way = false;
    if (!to.accepted(item)) return;
    if (const Status written = write(to.net); !written) {
      return to.refuse({.code = error_code::kUnavailable, .message = written.error().message});
    }
    answer(to);
  }
  void gone(Context& net, const pipeline::ReplyItem& item) const {
    net.edits.under_way = false;
    if (item.reply.code == core::ReplyCode::accepted) (void)write(net);
  }

  // REQUIRES: the change is journalled. Blocks on the disk, but only operators can cause that.
  Status write(Context& net) const {
    const Status written = config::write_edit(path, *edit);
    if (!written) {
      kLog.error("the configuration was not written: {}", written.error().message);
      // The journalled change did not happen: that is journalled, too.
      net.push_own(net.build([&](flatbuffers::FlatBufferBuilder& builder) {
        return fb::CreateConfigRefusedDirect(builder, written.error().message.c_str());
      }));
    } else if (net.options.reload) {
      net.options.reload();
    }
    return written;
  }

  void answer(const Responder& to) const {
    to.respond([&](JsonWriter& json) {
      json.member("ok", true);
      if (edit->noop) json.member("noop", true);
      json.array("changedPaths", edit->paths);
      json.member("path", path.string());
      json.member("hash", show_hex(edit->after));
      json.member_raw("config", edit->redacted_json);
      json.array("warnings", edit->warnings);
    });
  }
};

void config_change(Call& call) {
  if (!may_edit(call)) return;
  ConfigChange change{.path = call.net.config().path};
  config::EditOutcome outcome = config::prepare_edit(change.path,
                                                     {.kind = edit_kind_of(call.method.name),
                                                      .raw = call.text("raw"),
                                                      .base_hash = call.text("baseHash"),
                                                      .local = call.client().control_socket,
                                                      .given = call.net.options.given},
                                                     call.net.options.getenv_fn);
  if (const auto* refused = std::get_if<config::EditRefusal>(&outcome)) {
    return call.refuse(refusal_of(*refused));
  }
  change.edit =
      std::make_unique<config::PreparedEdit>(std::move(std::get<config::PreparedEdit>(outcome)));
  if (change.edit->noop) return change.answer(call);
  call.net.edits.under_way = true;
  const fb::EventBody kind = build_config_changed(call.net, call.method.name, *change.edit);
  call.submit(kind, std::move(change));
}

constexpr Param kRaw{.name = "raw", .required = true, .max = limits::kConfigBytesMax};
constexpr Param kPath = required_text("path", limits::kKeyBytesMax);
constexpr Param kBaseHash = optional_text("baseHash", 128);

constexpr Method kConfigMethods[]{
    {"config.get", Scope::read, {}, config_get},
    {"config.schema", Scope::read, {}, config_schema},
    {"config.schema.lookup", Scope::read, {kPath}, config_schema_lookup},
    {"config.set", Scope::admin, {kRaw, kBaseHash}, config_change},
    {"config.patch", Scope::admin, {kRaw, kBaseHash}, config_change},
    {"config.apply", Scope::admin, {kRaw, kBaseHash}, config_change},
};

}  // namespace

std::span<const Method> config_methods() {
  return kConfigMethods;
}

}  // namespace spine::net
