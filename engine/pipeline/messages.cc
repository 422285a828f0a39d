// Encoding of outbox payloads: fixed parts by memcpy, texts length-prefixed, records 8-aligned.
#include "engine/pipeline/messages.h"

#include <cstring>

#include "schemas/vocab/check.h"

namespace spine::pipeline {
namespace {

// Adds up what a payload will take. Same calls as Writer, so one function describes both.
class Sizer {
 public:
  template <class T>
  void pod(const T&) {
    bytes_ += align8(sizeof(T));
  }
  void text(std::string_view value) { bytes_ += 8 + align8(value.size()); }
  void record(const EventView& event) {
    bytes_ += 8 + sizeof(RecordHeader) + align8(event.body.size());
  }
  std::size_t bytes() const { return bytes_; }

 private:
  std::size_t bytes_{};
};

// Every field starts 8-aligned, so records inside keep the alignment FlatBuffers need.
class Writer {
 public:
  explicit Writer(std::byte* at) : at_(at) {}
  template <class T>
  void pod(const T& value) {
    store(at_, value);
    at_ += align8(sizeof(T));
  }
  void text(std::string_view value) {
    pod(std::uint64_t{value.size()});
    bytes(as_bytes(value));
  }
  void record(const EventView& event) {
    pod(event.seq.value);
    RecordHeader header = event.header;
    header.body_bytes = static_cast<std::uint32_t>(event.body.size());
    pod(header);
    bytes(event.body);
  }

 private:
  void bytes(ByteSpan span) {
    if (!span.empty()) std::memcpy(at_, span.data(), span.size());
    at_ += align8(span.size());
  }
  std::byte* at_;
};

class Parser {
 public:
  explicit Parser(ByteSpan payload) : at_(payload.data()), end_(at_ + align8(payload.size())) {}
  template <class T>
  T pod() {
    const T value = load<T>(at_);
    advance(sizeof(T));
    return value;
  }
  std::string_view text() {
    const auto size = static_cast<std::size_t>(pod<std::uint64_t>());
    const std::string_view value{reinterpret_cast<const char*>(at_), size};
    advance(size);
    return value;
  }
  EventView record() {
    EventView event{};
    event.seq = Seq{pod<std::uint64_t>()};
    event.header = pod<RecordHeader>();
    event.body = {at_, event.header.body_bytes};
    advance(event.header.body_bytes);
    return event;
  }

 private:
  void advance(std::size_t bytes) {
    at_ += align8(bytes);
    SPINE_CHECK(at_ <= end_);
  }
  const std::byte* at_;
  const std::byte* end_;
};

struct SessionFixed {
  SessionId id{};
  Bits128 uuid{};
  std::int64_t started_wall_ms{};
  std::int64_t updated_wall_ms{};
  Seq history_first{};
  Seq history_last{};
  std::uint64_t message_count{};
  RunId active_run{};
  std::uint32_t runs_waiting{};
  std::uint32_t conversation{};
};

template <class Sink>
void put(Sink& sink, const core::SessionView& view) {
  sink.pod(SessionFixed{view.id, view.uuid, view.started_wall_ms, view.updated_wall_ms,
                        view.history_first, view.history_last, view.message_count, view.active_run,
                        view.runs_waiting, static_cast<std::uint32_t>(view.conversation)});
  sink.text(view.key);
  sink.text(view.agent_id);
  sink.text(view.channel);
  sink.text(view.display_name);
  sink.text(view.active_run_key);
}

void get(Parser& parser, core::SessionView& view) {
  const auto fixed = parser.pod<SessionFixed>();
  view.id = fixed.id;
  view.uuid = fixed.uuid;
  view.started_wall_ms = fixed.started_wall_ms;
  view.updated_wall_ms = fixed.updated_wall_ms;
  view.history_first = fixed.history_first;
  view.history_last = fixed.history_last;
  view.message_count = fixed.message_count;
  view.active_run = fixed.active_run;
  view.runs_waiting = fixed.runs_waiting;
  view.conversation = static_cast<fb::ConversationKind>(fixed.conversation);
  view.key = parser.text();
  view.agent_id = parser.text();
  view.channel = parser.text();
  view.display_name = parser.text();
  view.active_run_key = parser.text();
}

struct RunFixed {
  RunId id{};
  SessionId session{};
  Seq message{};
  Seq ended{};
  std::int64_t started_wall_ms{};
  std::int64_t ended_wall_ms{};
  std::uint32_t status{};
  std::uint32_t reserved{};
};

template <class Sink>
void put(Sink& sink, const core::RunView& view) {
  sink.pod(RunFixed{view.id, view.session, view.message, view.ended, view.started_wall_ms,
                    view.ended_wall_ms, static_cast<std::uint32_t>(view.status), 0});
  sink.text(view.key);
  sink.text(view.agent_id);
}

void get(Parser& parser, core::RunView& view) {
  const auto fixed = parser.pod<RunFixed>();
  view.id = fixed.id;
  view.session = fixed.session;
  view.message = fixed.message;
  view.ended = fixed.ended;
  view.started_wall_ms = fixed.started_wall_ms;
  view.ended_wall_ms = fixed.ended_wall_ms;
  view.status = static_cast<core::RunStatus>(fixed.status);
  view.key = parser.text();
  view.agent_id = parser.text();
}

std::uint32_t flag(bool value) {
  return value ? 1 : 0;
}

template <class Sink>
void put(Sink& sink, const ReplyItem& item) {
  sink.pod(item.reply);
  sink.text(item.session_key);
  sink.text(item.run_key);
}

template <class Sink>
void put(Sink& sink, const EventItem& item) {
  sink.record(item.event);
  sink.pod(flag(item.has_session));
  if (item.has_session) put(sink, item.session);
  sink.pod(flag(item.has_run));
  if (item.has_run) put(sink, item.run);
}

template <class Sink>
void put(Sink& sink, const DeltaItem& item) {
  sink.pod(item.run);
  sink.text(item.run_key);
  sink.text(item.session_key);
  sink.text(item.agent_id);
  sink.text(item.piece);
}

template <class Sink>
void put(Sink& sink, const SessionsItem& item) {
  sink.pod(item.total);
  sink.pod(std::uint64_t{item.sessions.size()});
  for (const core::SessionView& session : item.sessions)
    put(sink, session);
}

template <class Sink>
void put(Sink& sink, const HistoryItem& item) {
  sink.pod(flag(item.found));
  sink.pod(flag(item.more));
  if (!item.found) return;
  put(sink, item.session);
  sink.pod(std::uint64_t{item.events.size()});
  for (const EventView& event : item.events)
    sink.record(event);
}

template <class Sink>
void put(Sink& sink, const RunItem& item) {
  sink.pod(flag(item.found));
  sink.pod(flag(item.has_end));
  if (!item.found) return;
  put(sink, item.run);
  sink.text(item.session_key);
  if (item.has_end) sink.record(item.end);
}

template <class Sink>
void put(Sink& sink, const StatusItem& item) {
  sink.pod(item);
}

template <class Sink>
void put(Sink& sink, const DigestItem& item) {
  sink.pod(item.digest);  // table names are static storage of this process
}

template <class Sink>
void put(Sink& sink, const PromptItem& item) {
  sink.pod(item.effect);
  sink.pod(item.run);
  sink.pod(item.attempt);
  sink.text(item.run_key);
  sink.text(item.session_key);
  sink.text(item.agent_id);
  sink.text(item.text);
}

template <class Sink>
void put(Sink& sink, const CancelItem& item) {
  sink.pod(item);
}

template <class Sink>
void put(Sink& sink, const ArmItem& item) {
  sink.pod(item);
}

template <class Item>
void write_item(OutboxProducer& out, ItemKind kind, ConnectionRef to, std::uint64_t request,
                const Item& item) {
  Sizer sizer;
  put(sizer, item);
  Writer writer{out.add(OutHeader{.bytes = static_cast<std::uint32_t>(sizer.bytes()),
                                  .kind = static_cast<std::uint16_t>(kind),
                                  .connection = to,
                                  .request = request})};
  put(writer, item);
}

}  // namespace

void write(OutboxProducer& out, ConnectionRef to, std::uint64_t request, const ReplyItem& item) {
  write_item(out, ItemKind::reply, to, request, item);
}
void write(OutboxProducer& out, const EventItem& item) {
  write_item(out, ItemKind::event, {}, 0, item);
}
void write(OutboxProducer& out, const DeltaItem& item) {
  write_item(out, ItemKind::delta, {}, 0, item);
}
void write(OutboxProducer& out, ConnectionRef to, std::uint64_t request, const SessionsItem& item) {
  write_item(out, ItemKind::sessions, to, request, item);
}
void write(OutboxProducer& out, ConnectionRef to, std::uint64_t request, const HistoryItem& item) {
  write_item(out, ItemKind::history, to, request, item);
}
void write(OutboxProducer& out, ConnectionRef to, std::uint64_t request, const RunItem& item) {
  write_item(out, ItemKind::run, to, request, item);
}
void write(OutboxProducer& out, ConnectionRef to, std::uint64_t request, const StatusItem& item) {
  write_item(out, ItemKind::status, to, request, item);
}
void write(OutboxProducer& out, ConnectionRef to, std::uint64_t request, const DigestItem& item) {
  write_item(out, ItemKind::digest, to, request, item);
}
void write(OutboxProducer& out, const PromptItem& item) {
  write_item(out, ItemKind::prompt, {}, 0, item);
}
void write(OutboxProducer& out, const CancelItem& item) {
  write_item(out, ItemKind::cancel, {}, 0, item);
}
void write(OutboxProducer& out, const ArmItem& item) {
  write_item(out, ItemKind::arm, {}, 0, item);
}
void write_stopping(OutboxProducer& out, std::string_view reason) {
  Sizer sizer;
  sizer.text(reason);
  Writer writer{out.add(OutHeader{.bytes = static_cast<std::uint32_t>(sizer.bytes()),
                                  .kind = static_cast<std::uint16_t>(ItemKind::stopping)})};
  writer.text(reason);
}

void read(ByteSpan payload, ReplyItem& item) {
  Parser parser{payload};
  item.reply = parser.pod<core::Reply>();
  item.session_key = parser.text();
  item.run_key = parser.text();
}

void read(ByteSpan payload, EventItem& item) {
  Parser parser{payload};
  item.event = parser.record();
  item.has_session = parser.pod<std::uint32_t>() != 0;
  if (item.has_session) get(parser, item.session);
  item.has_run = parser.pod<std::uint32_t>() != 0;
  if (item.has_run) get(parser, item.run);
}

void read(ByteSpan payload, DeltaItem& item) {
  Parser parser{payload};
  item.run = parser.pod<RunId>();
  item.run_key = parser.text();
  item.session_key = parser.text();
  item.agent_id = parser.text();
  item.piece = parser.text();
}

void read(ByteSpan payload, SessionsItem& item) {
  Parser parser{payload};
  item.total = parser.pod<std::uint64_t>();
  item.sessions.resize(static_cast<std::size_t>(parser.pod<std::uint64_t>()));
  for (core::SessionView& session : item.sessions)
    get(parser, session);
}

void read(ByteSpan payload, HistoryItem& item) {
  Parser parser{payload};
  item.found = parser.pod<std::uint32_t>() != 0;
  item.more = parser.pod<std::uint32_t>() != 0;
  item.events.clear();
  if (!item.found) return;
  get(parser, item.session);
  item.events.resize(static_cast<std::size_t>(parser.pod<std::uint64_t>()));
  for (EventView& event : item.events)
    event = parser.record();
}

void read(ByteSpan payload, RunItem& item) {
  Parser parser{payload};
  item.found = parser.pod<std::uint32_t>() != 0;
  item.has_end = parser.pod<std::uint32_t>() != 0;
  if (!item.found) return;
  get(parser, item.run);
  item.session_key = parser.text();
  if (item.has_end) item.end = parser.record();
}

void read(ByteSpan payload, StatusItem& item) {
  item = Parser{payload}.pod<StatusItem>();
}
void read(ByteSpan payload, DigestItem& item) {
  item.digest = Parser{payload}.pod<core::StateDigest>();
}

void read(ByteSpan payload, PromptItem& item) {
  Parser parser{payload};
  item.effect = parser.pod<EffectId>();
  item.run = parser.pod<RunId>();
  item.attempt = parser.pod<std::uint16_t>();
  item.run_key = parser.text();
  item.session_key = parser.text();
  item.agent_id = parser.text();
  item.text = parser.text();
}

void read(ByteSpan payload, CancelItem& item) {
  item = Parser{payload}.pod<CancelItem>();
}
void read(ByteSpan payload, ArmItem& item) {
  item = Parser{payload}.pod<ArmItem>();
}
std::string_view read_stopping(ByteSpan payload) {
  return Parser{payload}.text();
}

}  // namespace spine::pipeline
