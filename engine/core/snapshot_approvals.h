// The tables of approvals, of allowed tools and of quarantined agents, in and out of a snapshot.
#pragma once

#include "engine/core/approvals.h"
#include "engine/core/tables.h"

#include "snapshot_generated.h"

namespace spine::core {

flatbuffers::Offset<fb::snapshot::Approvals> save_approvals(flatbuffers::FlatBufferBuilder& builder,
                                                            const Approvals& approvals);
flatbuffers::Offset<fb::snapshot::AllowedTools> save_allowed_tools(
    flatbuffers::FlatBufferBuilder& builder, const AllowedTools& tools);
flatbuffers::Offset<fb::snapshot::Quarantined> save_quarantine(
    flatbuffers::FlatBufferBuilder& builder, const Quarantine& quarantine);

// nullptr, of a snapshot that is older than the table: it is empty. False when a row makes no
// sense. REQUIRES: the tables are empty but for meta.
bool load_approvals(const fb::snapshot::Approvals* from, Tables& tables);
bool load_allowed_tools(const fb::snapshot::AllowedTools* from, Tables& tables);
bool load_quarantine(const fb::snapshot::Quarantined* from, Tables& tables);

}  // namespace spine::core
