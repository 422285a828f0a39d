// Text by the field names and types of flatc's reflection tables.
#include "replay/timeline/event_text.h"

#include <flatbuffers/minireflect.h>
#include <fmt/format.h>
#include <string_view>

#include "engine/core/model/cells.h"
#include "schemas/event_json.h"
#include "schemas/event_verify.h"
#include "schemas/fields.h"
#include "schemas/vocab/show.h"

#include "event_generated.h"

namespace spine::replay {
namespace {

// Writes every field that is set, a line each, for people. As JSON: schemas/event_json.h.
class BodyWriter : public flatbuffers::IterationVisitor {
 public:
  explicit BodyWriter(std::string& out) : out_(out) {}

  void StartSequence() override {
    if (in_bits_) return;
    ++depth_;
    if (depth_ > 1) out_ += '{';
  }
  void EndSequence() override {
    if (in_bits_) {
      in_bits_ = false;
      quoted(show_hex(bits_));
      return;
    }
    if (depth_ > 1) out_ += '}';
    --depth_;
    if (depth_ > 0) end_line();
  }
  void Field(std::size_t index, std::size_t set_index, flatbuffers::ElementaryType of,
             bool is_vector, const flatbuffers::TypeTable* type, const char* name,
             const std::uint8_t* value) override {
    if (in_bits_) {
      bits_field_ = index;
      return;
    }
    if (value == nullptr) return;
    field_ = name;
    if (depth_ == 1) {
      out_ += fmt::format("      {}: ", name);
    } else {
      out_ += fmt::format("{}{}: ", set_index > 0 ? ", " : "", name);
    }
    in_bits_ = !is_vector && type == fb::Bits128TypeTable();
    in_bytes_ = is_vector && of == flatbuffers::ET_UCHAR && type == nullptr;
  }
  void UType(std::uint8_t v, const char* name) override { named(v, name); }
  void Bool(bool v) override { scalar(v); }
  void Char(std::int8_t v, const char* name) override { named(v, name); }
  void UChar(std::uint8_t v, const char* name) override {
    if (in_bytes_) {
      bytes_ += fmt::format("{:02x}", v);
    } else {
      named(v, name);
    }
  }
  void Short(std::int16_t v, const char* name) override { named(v, name); }
  void UShort(std::uint16_t v, const char* name) override { named(v, name); }
  void Int(std::int32_t v, const char* name) override { named(v, name); }
  void UInt(std::uint32_t v, const char* name) override {
    const std::optional<std::string> flags = flag_names(field_, v);
    if (!flags) return named(v, name);
    text(flags->empty() ? "none" : *flags);
  }
  void Long(std::int64_t v) override {
    const bool is_time = field_.ends_with("wall_ms") || field_ == "platform_ms";
    if (is_time) {
      text(fmt::format("{} ({})", v, show_time(v)));
    } else {
      scalar(v);
    }
  }
  void ULong(std::uint64_t v) override {
    if (in_bits_) {
      (bits_field_ == 0 ? bits_.hi : bits_.lo) = v;
    } else {
      scalar(v);
    }
  }
  void Float(float v) override { scalar(v); }
  void Double(double v) override { scalar(v); }
  void String(const flatbuffers::String* v) override { quoted({v->c_str(), v->size()}); }
  void Unknown(const std::uint8_t*) override { quoted("?"); }
  void StartVector() override {
    if (in_bytes_) return bytes_.clear();
    out_ += '[';
    ++vectors_;
  }
  void EndVector() override {
    if (in_bytes_) {
      in_bytes_ = false;
      return quoted(bytes_);
    }
    out_ += ']';
    --vectors_;
    end_line();
  }
  void Element(std::size_t i, flatbuffers::ElementaryType, const flatbuffers::TypeTable*,
               const std::uint8_t*) override {
    if (i > 0 && !in_bytes_) out_ += ", ";
  }

 private:
  void quoted(std::string_view v) { text(fmt::format("\"{}\"", printable(v))); }
  template <class T>
  void named(T v, const char* name) {
    if (name == nullptr) {
      scalar(v);
    } else {
      text(name);
    }
  }
  template <class T>
  void scalar(T v) {
    text(fmt::format("{}", v));
  }
  void text(std::string_view v) {
    out_ += v;
    end_line();
  }
  void end_line() {
    if (depth_ == 1 && vectors_ == 0) out_ += '\n';
  }

  std::string& out_;
  bool in_bits_{};
  std::size_t bits_field_{};
  Bits128 bits_{};
  bool in_bytes_{};
  std::string bytes_{};  // of the vector, as hex
  std::string_view field_{};
  int depth_{};
  int vectors_{};
};

}  // namespace

void append_body(const EventView& event, bool json, std::string& out) {
  if (json) return append_body_json(event, out);
  const flatbuffers::TypeTable* table = table_of(event.header.kind);
  if (table == nullptr || (event.header.flags & ~record_flag::kInput) != 0) {
    out += fmt::format("      ({} bytes this program cannot read: {})\n", event.body.size(),
                       unreadable_event(event).message);
    return;
  }
  BodyWriter writer(out);
  flatbuffers::IterateFlatBuffer(reinterpret_cast<const std::uint8_t*>(event.body.data()), table,
                                 &writer);
}

template <class Body>
bool Names::event(std::uint64_t id, EventView& out) {
  auto block = timeline_.reader().block_of(Seq{id});
  if (id == 0 || !block) return false;
  out = block->event(static_cast<std::uint32_t>(id - block->first().value));
  return is_kind(out, fb::EventBodyTraits<Body>::enum_value) && event_is_readable(out);
}

bool Names::is_before(std::uint64_t id) {
  if (Seq{id} >= timeline_.first()) return false;
  if (before_) return true;
  before_.emplace();
  // A state that cannot be reached has no names.
  if (!timeline_.state_at(Seq{timeline_.first().value - 1}, *before_)) before_.emplace();
  return true;
}

const PrincipalName& Names::principal(PrincipalId id) {
  if (const auto known = principals_.find(id.value); known != principals_.end()) {
    return known->second;
  }
  if (principals_.size() >= kCachedMax) principals_.clear();
  PrincipalName& name = principals_[id.value];
  if (is_before(id.value)) {
    core::visit_row(*before_, "principals", id.value, [&](std::string_view, const auto& cells) {
      for (const core::Cell& cell : cells) {
        if (cell.column == "kind") name.kind = cell.name;
        if (cell.column == "key") name.key = std::get<std::string_view>(cell.value);
        if (cell.column == "name") name.name = std::get<std::string_view>(cell.value);
      }
    });
    return name;
  }
  EventView found;
  if (!event<fb::PrincipalAdded>(id.value, found)) return name;
  const auto& body = root_of<fb::PrincipalAdded>(found);
  name.kind = fb::EnumNamePrincipalKind(body.kind());
  name.key = text_of(body.key());
  name.name = text_of(body.name());
  return name;
}

const SessionName& Names::session(SessionId id) {
  if (const auto known = sessions_.find(id.value); known != sessions_.end()) return known->second;
  if (sessions_.size() >= kCachedMax) sessions_.clear();
  SessionName& name = sessions_[id.value];
  if (is_before(id.value)) {
    core::visit_row(*before_, "sessions", id.value, [&](std::string_view, const auto& cells) {
      for (const core::Cell& cell : cells) {
        if (cell.column == "key") name.key = std::get<std::string_view>(cell.value);
        if (cell.column == "channel") name.channel = std::get<std::string_view>(cell.value);
        if (cell.column == "agent_id") name.agent_id = std::get<std::string_view>(cell.value);
      }
    });
    return name;
  }
  EventView found;
  if (!event<fb::SessionOpened>(id.value, found)) return name;
  const auto& body = root_of<fb::SessionOpened>(found);
  name.key = text_of(body.key());
  name.channel = text_of(body.channel());
  name.agent_id = text_of(body.agent_id());
  return name;
}

std::string source_name(std::uint16_t source) {
  switch (static_cast<Source>(source)) {
    case Source::engine:
      return "engine";
    case Source::config:
      return "config";
    case Source::websocket:
      return "websocket";
    case Source::http:
      return "http";
    case Source::loop:
      return "loop";
    case Source::agent:
      return "agent";
    case Source::channel:
      return "channel";
  }
  return fmt::format("source {}", source);
}

std::string kind_name(std::uint16_t kind) {
  const std::string_view name = event_kind_name(kind);
  return name.empty() ? fmt::format("kind {}", kind) : std::string(name);
}

std::string record_text(const EventView& event, Names& names, Detail detail) {
  const RecordHeader& h = event.header;
  std::string out = fmt::format("{:>5} {}  {}\n", fmt::format("#{}", event.seq.value),
                                show_time(h.wall_ms), kind_name(h.kind));
  const bool input = (h.flags & record_flag::kInput) != 0;
  out += input ? fmt::format("      input from {}", source_name(h.source)) : std::string("      ");
  if (h.cause != event.seq.value) {
    out += fmt::format("{}because of #{}", input ? ", " : "", h.cause);
  }
  if (h.correlation != h.cause) out += fmt::format(", chain of #{}", h.correlation);
  if (h.principal == 0) {
    out += ", by the engine";
  } else {
    const PrincipalName& p = names.principal(PrincipalId{h.principal});
    out += fmt::format(", by {} \"{}\" (#{})", p.kind.empty() ? "principal" : p.kind,
                       printable(p.name.empty() ? p.key : p.name), h.principal);
  }
  if (h.session != 0) {
    out += fmt::format(", session {} (#{})", printable(names.session(SessionId{h.session}).key),
                       h.session);
  }
  out += '\n';
  if (detail == Detail::all) append_body(event, false, out);
  return out;
}

std::string record_json(const EventView& event, Names& names, Detail detail) {
  const RecordHeader& h = event.header;
  std::string out = fmt::format(
      R"({{"seq":{},"time":{},"wallMs":{},"logicalMs":{},"kind":{},"source":{},"input":{},)",
      event.seq.value, json_string(show_time(h.wall_ms)), h.wall_ms, h.logical_ms,
      json_string(kind_name(h.kind)), json_string(source_name(h.source)),
      (h.flags & record_flag::kInput) != 0);
  out += fmt::format(R"("cause":{},"correlation":{},"principal":)", h.cause, h.correlation);
  if (h.principal == 0) {
    out += "null";
  } else {
    const PrincipalName& p = names.principal(PrincipalId{h.principal});
    out += fmt::format(R"({{"id":{},"kind":{},"key":{},"name":{}}})", h.principal,
                       json_string(p.kind), json_string(p.key), json_string(p.name));
  }
  out += R"(,"session":)";
  if (h.session == 0) {
    out += "null";
  } else {
    out += fmt::format(R"({{"id":{},"key":{}}})", h.session,
                       json_string(names.session(SessionId{h.session}).key));
  }
  if (detail == Detail::all) {
    out += R"(,"body":)";
    append_body(event, true, out);
  }
  out += '}';
  return out;
}

}  // namespace spine::replay
