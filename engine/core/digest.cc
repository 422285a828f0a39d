// Digest: canonical bytes of every table through XXH3-128.
#include "engine/core/digest.h"

#include <algorithm>
#include <cstring>
#include <memory>
#include <span>
#include <vector>
#include <xxhash.h>

#include "engine/core/rows_by_id.h"
#include "engine/core/tables.h"

namespace spine::core {
namespace {

// Writes the cells of one table. A cell is its column's number (the field's id in snapshot.fbs),
// then the value: integers as 8 bytes little-endian, 128 bits as hi and lo, texts with 4 bytes of
// length in front. Zero and empty values are left out. A row begins with column 0, which is always
// written (its id or fingerprint), so rows cannot run into each other.
class Cells {
 public:
  Cells() : state_(XXH3_createState()) {
    SPINE_CHECK(state_ != nullptr);
    XXH3_128bits_reset(state_.get());
  }

  void begin_row(std::uint64_t id) {
    put_tag(0);
    put_word(id);
  }
  void begin_row(Bits128 id) {
    put_tag(0);
    put_word(id.hi);
    put_word(id.lo);
  }
  void cell(std::uint8_t column, std::uint64_t value) {
    if (value == 0) return;
    put_tag(column);
    put_word(value);
  }
  void cell(std::uint8_t column, std::int64_t value) {
    cell(column, static_cast<std::uint64_t>(value));
  }
  void cell(std::uint8_t column, Bits128 value) {
    if (!value) return;
    put_tag(column);
    put_word(value.hi);
    put_word(value.lo);
  }
  void cell(std::uint8_t column, std::string_view text) {
    if (text.empty()) return;
    put_tag(column);
    put_text(text);
  }
  void put_text(std::string_view text) {
    const auto bytes = static_cast<std::uint32_t>(text.size());
    put(&bytes, sizeof(bytes));
    put(text.data(), text.size());
  }
  void put_word(std::uint64_t value) { put(&value, sizeof(value)); }

  Bits128 finish() {
    flush();
    const XXH128_hash_t hash = XXH3_128bits_digest(state_.get());
    return Bits128{.hi = hash.high64, .lo = hash.low64};
  }

 private:
  void put_tag(std::uint8_t column) { put(&column, 1); }
  void put(const void* data, std::size_t bytes) {
    if (bytes > buffer_.size() - used_) flush();
    if (bytes > buffer_.size()) {
      XXH3_128bits_update(state_.get(), data, bytes);
      return;
    }
    std::memcpy(buffer_.data() + used_, data, bytes);
    used_ += bytes;
  }
  void flush() {
    XXH3_128bits_update(state_.get(), buffer_.data(), used_);
    used_ = 0;
  }

  struct Free {
    void operator()(XXH3_state_t* state) const { XXH3_freeState(state); }
  };
  std::unique_ptr<XXH3_state_t, Free> state_;
  std::array<char, 4096> buffer_{};
  std::size_t used_{};
};

void put_meta(const Tables& tables, Cells& cells) {
  const Meta& meta = tables.meta;
  cells.begin_row(meta.epoch);
  cells.cell(1, meta.fingerprint_key);
  cells.cell(2, meta.applied.value);
  cells.cell(3, meta.now.wall_ms);
  cells.cell(4, meta.now.logical_ms);
  cells.cell(5, meta.boot_id);
  cells.cell(6, meta.boottime_ms);
  cells.cell(7, meta.start_logical_ms);
  cells.cell(8, meta.started.value);
  cells.cell(9, std::uint64_t{meta.stopped});
  cells.cell(10, std::int64_t{meta.utc_offset_minutes});
  cells.cell(11, std::string_view{meta.zone});
  cells.cell(12, meta.rejection_tat_us);
  cells.cell(13, tables.duplicates.evicted_young());
  cells.cell(14, as_text(tables.policy.body()));
  cells.cell(15, tables.idempotency.evicted_young());
  cells.cell(16, as_text(meta.local.body()));
  cells.cell(17, meta.exact_since.value);
}

void put_session(const Sessions& sessions, std::uint32_t row, Cells& cells) {
  const SessionHot& hot = sessions.hot(row);
  const SessionCold& cold = sessions.cold(row);
  cells.begin_row(cold.id);
  cells.cell(1, sessions.text(cold.key));
  cells.cell(2, sessions.text(cold.agent));
  cells.cell(3, sessions.text(cold.channel));
  cells.cell(4, sessions.text(cold.name));
  cells.cell(5, cold.uuid);
  cells.cell(6, static_cast<std::uint64_t>(cold.conversation));
  cells.cell(7, cold.owner);
  cells.cell(8, cold.started_wall_ms);
  cells.cell(9, hot.updated_wall_ms);
  cells.cell(10, hot.active_ms);
  cells.cell(11, hot.active_seq);
  cells.cell(12, hot.history_first);
  cells.cell(13, hot.history_last);
  cells.cell(14, hot.message_count);
  cells.cell(15, sessions.text(cold.label));
  cells.cell(16, sessions.text(cold.thinking_level));
  cells.cell(17, sessions.text(cold.model));
  cells.cell(18, std::uint64_t{cold.marks});
  cells.cell(19, sessions.text(cold.agent_session));
}

void put_principal(const Principals& principals, std::uint32_t row, Cells& cells) {
  const PrincipalHot& hot = principals.hot(row);
  const PrincipalCold& cold = principals.cold(row);
  cells.begin_row(cold.id);
  cells.cell(1, static_cast<std::uint64_t>(cold.kind));
  cells.cell(2, principals.text(cold.key));
  cells.cell(3, principals.text(cold.name));
  cells.cell(4, hot.tat_us);
  cells.cell(5, hot.seen_ms);
  cells.cell(6, hot.seen_seq);
}

void put_run(const Runs& runs, std::uint32_t row, Cells& cells) {
  const Run& run = runs[row];
  cells.begin_row(run.id);
  cells.cell(1, runs.text(run.key));
  cells.cell(2, runs.text(run.agent));
  cells.cell(3, run.session);
  cells.cell(4, run.message);
  cells.cell(5, run.principal);
  cells.cell(6, run.correlation);
  cells.cell(7, run.not_before_ms);
  cells.cell(8, run.started);
  cells.cell(9, run.ended);
  cells.cell(10, run.started_wall_ms);
  cells.cell(11, run.ended_wall_ms);
  cells.cell(12, std::uint64_t{run.attempt});
  cells.cell(13, static_cast<std::uint64_t>(run.status));
  cells.cell(14, std::uint64_t{run.crashes});
  cells.cell(15, static_cast<std::uint64_t>(run.trust));
  cells.cell(16, static_cast<std::uint64_t>(run.queue_mode));
  cells.cell(17, run.steered);
}

class Digester {
 public:
  void table(std::string_view name, std::uint64_t rows, Cells& cells) {
    SPINE_CHECK(out_.table_count < kDigestTablesMax);
    const Bits128 digest = cells.finish();
    out_.tables[out_.table_count++] =
        TableDigestView{.table = name, .rows = rows, .digest = digest};
    if (rows == 0) return;  // a table that is new and empty changes no total
    total_.put_text(name);
    total_.put_word(rows);
    total_.put_word(digest.hi);
    total_.put_word(digest.lo);
  }
  StateDigest finish(Seq seq) {
    out_.seq = seq;
    out_.total = total_.finish();
    return out_;
  }

 private:
  StateDigest out_{};
  Cells total_{};
};

void put_rings(const Tables& tables, Digester& digester) {
  Cells duplicates;
  for (std::uint32_t i = 0; i < tables.duplicates.count(); ++i) {
    const Duplicate entry = tables.duplicates.at(i);
    duplicates.begin_row(entry.fingerprint);
    duplicates.cell(1, entry.seq.value);
    duplicates.cell(2, std::uint64_t{entry.minute});
  }
  digester.table("duplicates", tables.duplicates.count(), duplicates);
  Cells idempotency;
  for (std::uint32_t i = 0; i < tables.idempotency.count(); ++i) {
    const IdempotentRequest& entry = tables.idempotency.at(i);
    idempotency.begin_row(entry.fingerprint);
    idempotency.cell(1, entry.message.value);
    idempotency.cell(2, entry.run.value);
    idempotency.cell(3, entry.logical_ms);
  }
  digester.table("idempotency", tables.idempotency.count(), idempotency);
}

void put_device(const Device& device, Cells& cells) {
  const auto text = [&](std::uint8_t column, std::string_view value) { cells.cell(column, value); };
  cells.begin_row(device.id);
  text(1, device.device_id);
  text(2, device.public_key);
  text(3, device.token_hash);
  text(4, device.role);
  text(5, device.scopes);
  text(6, device.label);
  text(7, device.client_id);
  text(8, device.client_mode);
  text(9, device.platform);
  text(10, device.device_family);
  text(11, device.address);
  cells.cell(12, static_cast<std::uint64_t>(device.via));
  cells.cell(13, device.approved_wall_ms);
  cells.cell(14, device.last_seen_wall_ms);
}

void put_pairing_request(const PairingRequest& request, Cells& cells) {
  const auto text = [&](std::uint8_t column, std::string_view value) { cells.cell(column, value); };
  cells.begin_row(request.id);
  text(1, request.channel);
  text(2, request.account);
  text(3, request.sender_id);
  text(4, request.sender_name);
  text(5, request.code);
  cells.cell(6, request.created_wall_ms);
  cells.cell(7, request.expires_ms);
  cells.cell(8, request.expires_wall_ms);
}

void put_paired_sender(const PairedSender& sender, Cells& cells) {
  const auto text = [&](std::uint8_t column, std::string_view value) { cells.cell(column, value); };
  cells.begin_row(sender.id);
  text(1, sender.channel);
  text(2, sender.account);
  text(3, sender.sender_id);
}

void put_approval(const Approval& approval, Cells& cells) {
  const auto text = [&](std::uint8_t column, std::string_view value) { cells.cell(column, value); };
  cells.begin_row(approval.id);
  cells.cell(1, approval.uuid);
  cells.cell(2, approval.run);
  cells.cell(3, approval.session);
  cells.cell(4, approval.ask);
  cells.cell(5, static_cast<std::uint64_t>(approval.kind));
  cells.cell(6, std::uint64_t{approval.options});
  text(7, approval.tool);
  text(8, approval.title);
  text(9, approval.detail);
  text(10, approval.cwd);
  text(11, approval.code);
  cells.cell(12, approval.created_wall_ms);
  cells.cell(13, approval.expires_ms);
  cells.cell(14, approval.expires_wall_ms);
}

void put_allowed_tool(const AllowedTool& tool, Cells& cells) {
  cells.begin_row(tool.id);
  cells.cell(1, tool.run);
  cells.cell(2, std::string_view{tool.key});
}

void put_quarantined(const QuarantinedAgent& agent, Cells& cells) {
  cells.begin_row(agent.id);
  cells.cell(1, std::string_view{agent.agent_id});
}

// Tables that are in order of their ids as they are.
template <class Table, class Put>
void put_table(std::string_view name, const Table& table, Put put_row, Digester& digester) {
  Cells cells;
  for (std::uint32_t i = 0; i < table.count(); ++i)
    put_row(table[i], cells);
  digester.table(name, table.count(), cells);
}

}  // namespace

StateDigest digest(const State& state) {
  const Tables& tables = state.tables();
  Digester digester;
  Cells meta;
  put_meta(tables, meta);
  digester.table("meta", 1, meta);

  Cells sessions;
  for (const std::uint32_t row :
       rows_by_id(tables.sessions, [&](std::uint32_t at) { return tables.sessions.cold(at).id; })) {
    put_session(tables.sessions, row, sessions);
  }
  digester.table("sessions", tables.sessions.used(), sessions);

  Cells principals;
  for (const std::uint32_t row : rows_by_id(
           tables.principals, [&](std::uint32_t at) { return tables.principals.cold(at).id; })) {
    put_principal(tables.principals, row, principals);
  }
  digester.table("principals", tables.principals.used(), principals);

  Cells runs;
  for (const std::uint32_t row :
       rows_by_id(tables.runs, [&](std::uint32_t at) { return tables.runs[at].id; })) {
    put_run(tables.runs, row, runs);
  }
  digester.table("runs", tables.runs.used(), runs);
  put_rings(tables, digester);
  put_table("devices", tables.devices, put_device, digester);
  put_table("pairing_requests", tables.pairing_requests, put_pairing_request, digester);
  put_table("paired_senders", tables.paired_senders, put_paired_sender, digester);
  put_table("approvals", tables.approvals, put_approval, digester);
  put_table("allowed_tools", tables.allowed_tools, put_allowed_tool, digester);
  put_table("quarantined", tables.quarantine, put_quarantined, digester);
  return digester.finish(tables.meta.applied);
}

}  // namespace spine::core
