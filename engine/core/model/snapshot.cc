// Snapshot: the tables as columns, out and in again; what comes in is checked before it is used.
#include "engine/core/model/snapshot.h"

#include <algorithm>
#include <cstring>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "engine/core/model/columns.h"
#include "engine/core/model/digest.h"
#include "engine/core/model/tables.h"
#include "schemas/event_verify.h"
#include "schemas/fields.h"

#include "snapshot_generated.h"

namespace spine::core {
namespace {

namespace fbs = fb::snapshot;
using Builder = flatbuffers::FlatBufferBuilder;

// The cells of one column, row after row.
struct ColumnOut {
  std::uint8_t number{};
  std::vector<std::uint64_t> numbers{};
  std::vector<std::uint32_t> lengths{};
  std::vector<std::uint8_t> bytes{};

  void add(std::uint64_t cell) { numbers.push_back(cell); }
  void add(Bits128 cell) { numbers.insert(numbers.end(), {cell.hi, cell.lo}); }
  void add(std::string_view text) {
    lengths.push_back(static_cast<std::uint32_t>(text.size()));
    bytes.insert(bytes.end(), text.begin(), text.end());
  }
  // Whether every row holds the default.
  bool empty() const {
    return bytes.empty() && std::all_of(numbers.begin(), numbers.end(),
                                        [](std::uint64_t cell) { return cell == 0; });
  }
};

flatbuffers::Offset<fbs::SavedColumn> save_column(Builder& builder, const ColumnOut& column) {
  if (column.bytes.empty()) {
    const auto numbers = builder.CreateVector(column.numbers);
    return fbs::CreateSavedColumn(builder, column.number, numbers);
  }
  const auto lengths = builder.CreateVector(column.lengths);
  const auto bytes = builder.CreateVector(column.bytes);
  return fbs::CreateSavedColumn(builder, column.number, {}, lengths, bytes);
}

class TableOut {
 public:
  template <class Columns, class Row>
  void add(const Columns& columns, const Row& row) {
    std::size_t i = 0;
    columns_.resize(std::tuple_size_v<Columns>);
    for_each_value(columns, row, [&](std::uint8_t number, auto value) {
      columns_[i].number = number;
      columns_[i++].add(value);
    });
    ++rows_;
  }
  flatbuffers::Offset<fbs::SavedTable> save(Builder& builder, std::string_view name) const {
    std::vector<flatbuffers::Offset<fbs::SavedColumn>> columns;
    for (const ColumnOut& column : columns_)
      if (!column.empty()) columns.push_back(save_column(builder, column));
    const auto named = builder.CreateString(name.data(), name.size());
    return fbs::CreateSavedTable(builder, named, rows_, builder.CreateVector(columns));
  }

 private:
  std::vector<ColumnOut> columns_{};
  std::uint32_t rows_{};
};

// One column, read from the first row to the last. Whatever it says is checked as it is read.
class ColumnIn {
 public:
  ColumnIn(const fbs::SavedColumn* from, std::uint32_t rows, std::uint32_t numbers_per_row)
      : numbers_(from == nullptr ? nullptr : from->numbers()),
        lengths_(from == nullptr ? nullptr : from->lengths()),
        bytes_(from == nullptr ? nullptr : from->bytes()) {
    // The FlatBuffers verifier (2.0.8) does not look at the alignment of what is in a vector.
    good_ = (numbers_ == nullptr || (numbers_->size() == std::uint64_t{rows} * numbers_per_row &&
                                     (numbers_->size() == 0 || is_aligned8(numbers_->Data())))) &&
            (lengths_ == nullptr) == (bytes_ == nullptr) &&
            (lengths_ == nullptr || lengths_->size() == rows);
  }
  bool good() const { return good_; }

  std::uint64_t next_number() { return numbers_ == nullptr ? 0 : numbers_->Get(number_++); }
  std::string_view next_text() {
    if (lengths_ == nullptr) return {};
    const std::uint32_t bytes = lengths_->Get(text_++);
    if (bytes > bytes_->size() - at_) {
      good_ = false;
      return {};
    }
    const char* first = reinterpret_cast<const char*>(bytes_->data()) + at_;
    at_ += bytes;
    return {first, bytes};
  }

 private:
  const flatbuffers::Vector<std::uint64_t>* numbers_;
  const flatbuffers::Vector<std::uint32_t>* lengths_;
  const flatbuffers::Vector<std::uint8_t>* bytes_;
  flatbuffers::uoffset_t number_{};
  flatbuffers::uoffset_t text_{};
  std::uint32_t at_{};
  bool good_{};
};

// One table, read row by row.
class TableIn {
 public:
  // `from`: nullptr, of a snapshot that is older than the table, stands for an empty one.
  // `applied`: no row can name a later event.
  template <class Row, class Columns>
  TableIn(const fbs::SavedTable* from, const Columns& columns, std::type_identity<Row>,
          std::uint64_t applied)
      : applied_(applied), rows_(from == nullptr ? 0 : from->rows()) {
    columns_.reserve(std::tuple_size_v<Columns>);
    for_each_column(columns, [&](const auto& column) {
      using Cell = std::remove_cvref_t<decltype(cell_of(column, std::declval<Row&>()))>;
      columns_.emplace_back(find(from, column.number), rows_, kIsBits<Cell> ? 2 : 1);
      good_ = good_ && columns_.back().good();
    });
  }
  bool good() const { return good_; }
  std::uint32_t rows() const { return rows_; }

  // False when a value makes no sense.
  template <class Columns, class Row>
  bool next(const Columns& columns, Row& row) {
    std::size_t i = 0;
    for_each_column(columns,
                    [&](const auto& column) { read(column, columns_[i++], cell_of(column, row)); });
    return good_;
  }

 private:
  static const fbs::SavedColumn* find(const fbs::SavedTable* from, std::uint8_t number) {
    if (from == nullptr || from->columns() == nullptr) return nullptr;
    for (const fbs::SavedColumn* column : *from->columns())
      if (column->number() == number) return column;
    return nullptr;
  }

  template <class Spec, class Cell>
  void read(const Spec& column, ColumnIn& in, Cell& cell) {
    if constexpr (kIsText<Cell>) {
      const std::string_view text = in.next_text();
      good_ = good_ && in.good() && text.size() <= column.max && set_text(cell, text);
    } else if constexpr (kIsBits<Cell>) {
      cell.hi = in.next_number();
      cell.lo = in.next_number();
    } else {
      const std::uint64_t number = in.next_number();
      const std::uint64_t max = column.max == kSeqOfState ? applied_ : column.max;
      good_ = good_ && number <= max && set_number(cell, number);
      if (column.number == 0) {  // ids ascend
        good_ = good_ && number > id_ && number <= applied_;
        id_ = number;
      }
    }
  }

  static bool set_text(std::string_view& cell, std::string_view text) {
    cell = text;
    return true;
  }
  static bool set_text(std::string& cell, std::string_view text) {
    cell = text;
    return true;
  }
  // Applies a recorded body to the Policy or Zone made from it; empty = there was none.
  template <class Target>
  static bool set_recorded(Target& target, fb::EventBody kind, std::string_view text) {
    if (text.empty()) return true;
    const KeptBody body{as_bytes(text)};
    if (!verify_event_body(static_cast<std::uint16_t>(kind), body.view())) return false;
    target.apply(body.view());
    return true;
  }
  static bool set_text(Policy& policy, std::string_view text) {
    return set_recorded(policy, fb::EventBody::ConfigApplied, text);
  }
  static bool set_text(Zone& zone, std::string_view text) {
    return set_recorded(zone, fb::EventBody::ZoneRules, text);
  }

  std::vector<ColumnIn> columns_{};
  std::uint64_t applied_{};
  std::uint64_t id_{};
  std::uint32_t rows_{};
  bool good_{true};
};

const fbs::SavedTable* find_table(const fbs::Snapshot& from, std::string_view name) {
  if (from.tables() == nullptr) return nullptr;
  for (const fbs::SavedTable* table : *from.tables())
    if (table->name() != nullptr && text_of(table->name()) == name) return table;
  return nullptr;
}

bool load_meta(const fbs::SavedTable* from, Tables& tables) {
  if (from == nullptr || from->rows() != 1) return false;
  TableIn in(from, meta_columns(), std::type_identity<Tables>{}, kAnyNumber);
  if (!in.good() || !in.next(meta_columns(), tables)) return false;
  const Meta& meta = tables.meta;
  tables.set_fingerprint_key(meta.fingerprint_key);
  tables.meta.local.set_offset(meta.utc_offset_minutes);
  return meta.applied && meta.started <= meta.applied && meta.exact_since <= meta.applied;
}

template <class Table>
bool load_table(const fbs::SavedTable* from, std::uint64_t applied, Table& table) {
  using Row = typename Table::Row;
  TableIn in(from, Row::columns(), std::type_identity<Row>{}, applied);
  if (!in.good() || in.rows() > Table::kRowsMax) return false;
  for (std::uint32_t i = 0; i < in.rows(); ++i) {
    Row row{};
    if (!in.next(Row::columns(), row) || !table.restore(std::move(row))) return false;
  }
  return true;
}

// Puts a run where its status says. False when there is no such place.
bool place_run(Tables& tables, std::uint32_t row) {
  Run& run = tables.runs[row];
  const RunStatus status = std::exchange(run.status, RunStatus::queued);
  const bool open = status == RunStatus::queued || status == RunStatus::running;
  if (open == bool{run.ended}) return false;
  if (!open) {
    tables.runs.end(row, status, run.ended);
    return true;
  }
  run.session_row = tables.sessions.find(run.session);
  if (run.session_row == 0) return false;
  SessionHot& hot = tables.sessions.hot(run.session_row);
  if (status == RunStatus::running) {
    if (hot.running != 0) return false;
    hot.running = row;
    tables.runs.start(row);
    return true;
  }
  tables.runs.wait(hot.waiting, row);
  ++hot.waiting_count;
  const std::uint32_t principal = tables.principals.find(run.principal);
  if (run.not_before_ms != 0 && principal != 0) ++tables.principals.hot(principal).delayed;
  return true;
}

bool place_runs(Tables& tables) {
  std::uint32_t ended = 0;
  for (std::uint32_t row = 1; row < tables.runs.end(); ++row)
    ended += tables.runs.open(row) ? 0 : 1;
  if (ended > limits::kRunsFinishedKept || tables.runs.count() - ended > limits::kRunsOpenMax) {
    return false;
  }
  for (const std::uint32_t row : rows_by_id(tables.runs))
    if (!place_run(tables, row)) return false;
  return true;
}

// What is derived from several tables: how many sessions each has opened, idle lists, and which
// delays count.
void derive(Tables& tables) {
  for (std::uint32_t row = 1; row < tables.sessions.end(); ++row) {
    const std::uint32_t owner = tables.principals.find(tables.sessions.cold(row).owner);
    if (owner != 0) ++tables.principals.hot(owner).sessions;
  }
  for (std::uint32_t row = 1; row < tables.runs.end(); ++row) {
    if (!tables.runs.live(row) || tables.runs[row].status != RunStatus::queued) continue;
    const Run& run = tables.runs[row];
    tables.runs.set_delay_armed(row, tables.sessions.hot(run.session_row).running == 0);
  }
  const auto settle = [](auto& table) {
    std::vector<std::uint32_t> rows;  // in order of ids, as they were read
    for (std::uint32_t row = 1; row < table.end(); ++row)
      rows.push_back(row);
    std::stable_sort(rows.begin(), rows.end(), [&](std::uint32_t a, std::uint32_t b) {
      return table.hot(a).active_seq < table.hot(b).active_seq;
    });
    for (const std::uint32_t row : rows)
      table.settle(row);
  };
  settle(tables.sessions);
  settle(tables.principals);
}

Error corrupt(std::string_view what) {
  return Error{Errc::corrupt, "The snapshot is damaged: " + std::string(what) +
                                  " It can be deleted; the state is then folded from the journal."};
}

enum class SavedDigest : std::uint8_t { compared, ignored };

Status load(const fbs::Snapshot& from, State& state, SavedDigest saved) {
  Tables& tables = state.tables();
  if (!load_meta(find_table(from, "meta"), tables)) {
    return corrupt("its clocks or its policy make no sense.");
  }
  std::string_view damaged;
  for_each_table(tables, [&](std::string_view name, auto& table) {
    if (damaged.empty() && !load_table(find_table(from, name), tables.meta.applied.value, table)) {
      damaged = name;
    }
  });
  if (damaged.empty() && !place_runs(tables)) damaged = "runs";
  if (damaged.empty() && !histories_fit(tables)) damaged = "histories";
  if (damaged.empty() && !tables.deliveries.makes_sense()) damaged = "deliveries";
  if (!damaged.empty()) {
    return corrupt("a row of its table " + std::string(damaged) + " makes no sense.");
  }
  derive(tables);
  if (saved == SavedDigest::ignored) return Unit{};
  const fbs::Bits128* total = from.digest();
  if (total == nullptr || digest(state).total != Bits128{total->hi(), total->lo()}) {
    return corrupt("the digest of its tables is not the one that was saved.");
  }
  return Unit{};
}

// Where the state keeps what stands in fields marked `people`.
struct PeopleColumn {
  std::string_view table;
  std::string_view column;
};
constexpr PeopleColumn kPeopleColumns[] = {{"sessions", "display_name"},
                                           {"sessions", "label"},
                                           {"principals", "name"},
                                           {"devices", "label"},
                                           {"pairing_requests", "sender_name"},
                                           {"approvals", "title"},
                                           {"approvals", "detail"}};

// `number`: of the column that is kept in `table` under that name.
template <class Replace>
void replace_column(const fbs::SavedTable& table, std::uint8_t number, const Replace& replace) {
  if (table.columns() == nullptr) return;
  for (const fbs::SavedColumn* column : *table.columns()) {
    if (column->number() != number || column->bytes() == nullptr) continue;
    // The buffer is ours, and was saved just now.
    auto* text = const_cast<char*>(reinterpret_cast<const char*>(column->bytes()->data()));
    for (const std::uint32_t bytes : *column->lengths()) {
      if (bytes != 0) replace(std::span(text, bytes));
      text += bytes;
    }
  }
}

}  // namespace

void save_snapshot(const State& state, Builder& builder) {
  const Tables& tables = state.tables();
  const StateDigest own = digest(state);
  std::vector<flatbuffers::Offset<fbs::SavedTable>> saved;
  TableOut meta;
  meta.add(meta_columns(), tables);
  saved.push_back(meta.save(builder, "meta"));
  for_each_table(tables, [&](std::string_view name, const auto& table) {
    TableOut out;
    table.for_each_row([&](const auto& row) { out.add(row.columns(), row); });
    saved.push_back(out.save(builder, name));
  });
  const auto all = builder.CreateVector(saved);
  const fbs::Bits128 total{own.total.hi, own.total.lo};
  builder.Finish(fbs::CreateSnapshot(builder, kSnapshotFormat, own.version, &total, all),
                 fbs::SnapshotIdentifier());
}

Status load_snapshot(ByteSpan payload, State& state) {
  SPINE_CHECK(is_aligned8(payload.data()));
  state = State{};
  flatbuffers::Verifier verifier(reinterpret_cast<const std::uint8_t*>(payload.data()),
                                 payload.size());
  // Format 1 had another identifier, and may have been verified by its own schema only.
  if (payload.size() >= 8 && !flatbuffers::BufferHasIdentifier(payload.data(), "SPS2")) {
    return Error{Errc::newer_format, "The snapshot has another format than " +
                                         std::to_string(kSnapshotFormat) +
                                         ". The state is folded from the journal instead."};
  }
  if (payload.size() < 8 || !fbs::VerifySnapshotBuffer(verifier)) {
    return corrupt("it is not a FlatBuffer of a state.");
  }
  const fbs::Snapshot& from = *fbs::GetSnapshot(payload.data());
  if (from.format() != kSnapshotFormat || from.digest_version() > kDigestVersion) {
    return Error{Errc::newer_format,
                 "The snapshot has format " + std::to_string(from.format()) +
                     " and digest version " + std::to_string(from.digest_version()) +
                     "; this program understands " + std::to_string(kSnapshotFormat) + " and " +
                     std::to_string(kDigestVersion) +
                     ". The state is folded from the journal instead."};
  }
  Status loaded = load(from, state, SavedDigest::compared);
  if (!loaded) state = State{};
  return loaded;
}

Status replace_people_texts(
    State& state,
    const std::function<void(std::string_view column, std::span<char> text)>& replace) {
  Builder builder;
  save_snapshot(state, builder);
  std::vector<std::uint64_t> words(align8(builder.GetSize()) / 8);
  std::memcpy(words.data(), builder.GetBufferPointer(), builder.GetSize());
  const fbs::Snapshot& saved = *fbs::GetSnapshot(words.data());
  for_each_table(state.tables(), [&](std::string_view name, const auto& table) {
    using Row = typename std::remove_cvref_t<decltype(table)>::Row;
    for_each_column(Row::columns(), [&](const auto& column) {
      const bool people = std::ranges::any_of(kPeopleColumns, [&](const PeopleColumn& each) {
        return each.table == name && each.column == column.name;
      });
      if (!people) return;
      replace_column(*find_table(saved, name), column.number,
                     [&](std::span<char> text) { replace(column.name, text); });
    });
  });
  state = State{};
  Status loaded = load(saved, state, SavedDigest::ignored);
  if (!loaded) state = State{};
  return loaded;
}

}  // namespace spine::core
