// Snapshots: rows of approvals, of allowed tools and of quarantined agents.
#include "engine/core/snapshot_approvals.h"

#include "engine/core/snapshot_rows.h"
#include "schemas/fields.h"
#include "schemas/vocab/limits.h"

namespace spine::core {

flatbuffers::Offset<fbs::Approvals> save_approvals(Builder& builder, const Approvals& approvals) {
  using Row = Approval;
  const auto id = numbers_of<std::uint64_t>(builder, approvals, &Row::id);
  const auto uuid = bits_column(builder, ring_rows(approvals.count()),
                                [&](std::uint32_t i) { return approvals[i].uuid; });
  const auto run = numbers_of<std::uint64_t>(builder, approvals, &Row::run);
  const auto session = numbers_of<std::uint64_t>(builder, approvals, &Row::session);
  const auto ask = numbers_of<std::uint64_t>(builder, approvals, &Row::ask);
  const auto kind = numbers_of<std::uint8_t>(builder, approvals, &Row::kind);
  const auto options = numbers_of<std::uint32_t>(builder, approvals, &Row::options);
  const auto tool = texts_of(builder, approvals, &Row::tool);
  const auto title = texts_of(builder, approvals, &Row::title);
  const auto detail = texts_of(builder, approvals, &Row::detail);
  const auto cwd = texts_of(builder, approvals, &Row::cwd);
  const auto code = texts_of(builder, approvals, &Row::code);
  const auto created = numbers_of<std::int64_t>(builder, approvals, &Row::created_wall_ms);
  const auto expires = numbers_of<std::uint64_t>(builder, approvals, &Row::expires_ms);
  const auto expires_wall = numbers_of<std::int64_t>(builder, approvals, &Row::expires_wall_ms);
  return fbs::CreateApprovals(builder, id, uuid, run, session, ask, kind, options, tool, title,
                              detail, cwd, code, created, expires, expires_wall);
}

flatbuffers::Offset<fbs::AllowedTools> save_allowed_tools(Builder& builder,
                                                          const AllowedTools& tools) {
  const auto id = numbers_of<std::uint64_t>(builder, tools, &AllowedTool::id);
  const auto run = numbers_of<std::uint64_t>(builder, tools, &AllowedTool::run);
  const auto tool = texts_of(builder, tools, &AllowedTool::key);
  return fbs::CreateAllowedTools(builder, id, run, tool);
}

flatbuffers::Offset<fbs::Quarantined> save_quarantine(Builder& builder,
                                                      const Quarantine& quarantine) {
  const auto id = numbers_of<std::uint64_t>(builder, quarantine, &QuarantinedAgent::id);
  const auto agent = texts_of(builder, quarantine, &QuarantinedAgent::agent_id);
  return fbs::CreateQuarantined(builder, id, agent);
}

bool load_approvals(const fbs::Approvals* from, Tables& tables) {
  if (from == nullptr) return true;
  Columns columns(tables.meta.applied.value);
  const auto ids = columns.ids(from->id(), limits::kApprovalsMax + 1);
  const auto uuids = columns.structs(from->uuid());
  const auto runs = columns.numbers(from->run());
  const auto sessions = columns.numbers(from->session());
  const auto asks = columns.numbers(from->ask());
  const auto kinds = columns.numbers(from->kind());
  const auto options = columns.numbers(from->options());
  TextField tool{columns.texts(from->tool(), limits::kNameBytesMax)};
  TextField title{columns.texts(from->title(), limits::kApprovalTextBytesMax)};
  TextField detail{columns.texts(from->detail(), limits::kApprovalTextBytesMax)};
  TextField cwd{columns.texts(from->cwd(), limits::kApprovalTextBytesMax)};
  TextField code{columns.texts(from->code(), limits::kNameBytesMax)};
  const auto created = columns.numbers(from->created_wall_ms());
  const auto expires = columns.numbers(from->expires_ms());
  const auto expires_wall = columns.numbers(from->expires_wall_ms());
  if (!columns.good()) return false;
  for (std::size_t i = 0; i < ids.count(); ++i) {
    Approval approval{.id = ids[i],
                      .uuid = bits_of(uuids[i]),
                      .run = runs[i],
                      .session = sessions[i],
                      .ask = asks[i],
                      .kind = static_cast<fb::ApprovalKind>(kinds[i]),
                      .options = options[i],
                      .tool = tool.next(),
                      .title = title.next(),
                      .detail = detail.next(),
                      .cwd = cwd.next(),
                      .code = code.next(),
                      .created_wall_ms = created[i],
                      .expires_ms = expires[i],
                      .expires_wall_ms = expires_wall[i]};
    const bool last = i + 1 == ids.count();
    if (!approval.open() ? !last : i == limits::kApprovalsMax) return false;
    tables.approvals.restore(std::move(approval));
  }
  return true;
}

bool load_allowed_tools(const fbs::AllowedTools* from, Tables& tables) {
  if (from == nullptr) return true;
  Columns columns(tables.meta.applied.value);
  const auto ids = columns.ids(from->id(), limits::kAllowedToolsMax);
  const auto runs = columns.numbers(from->run());
  TextField tool{columns.texts(from->tool(), limits::kNameBytesMax)};
  if (!columns.good()) return false;
  for (std::size_t i = 0; i < ids.count(); ++i) {
    tables.allowed_tools.restore(AllowedTool{.run = runs[i], .id = ids[i], .key = tool.next()});
  }
  return true;
}

bool load_quarantine(const fbs::Quarantined* from, Tables& tables) {
  if (from == nullptr) return true;
  Columns columns(tables.meta.applied.value);
  const auto ids = columns.ids(from->id(), limits::kQuarantinedMax);
  TextField agent{columns.texts(from->agent_id(), limits::kNameBytesMax)};
  if (!columns.good()) return false;
  for (std::size_t i = 0; i < ids.count(); ++i)
    tables.quarantine.restore(QuarantinedAgent{.id = ids[i], .agent_id = agent.next()});
  return true;
}

}  // namespace spine::core
