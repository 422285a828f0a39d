// Messages: what the payload of each kind of item to the net thread consists of.
#include "engine/pipeline/messages.h"

#include "engine/pipeline/messages_codec.h"
#include "engine/pipeline/messages_views.h"
#include "engine/pipeline/messages_write.h"

namespace spine::pipeline {
namespace {

std::uint32_t flag(bool value) {
  return value ? 1 : 0;
}

template <class Sink>
void put(Sink& sink, const ReplyItem& item) {
  sink.pod(item.reply);
  sink.text(item.session_key);
  sink.pod(item.session_uuid);
  sink.text(item.run_key);
  sink.text(item.pairing_code);
  sink.pod(item.pairing_expires_wall_ms);
  sink.text(item.behind_run_key);
  sink.pod(item.behind_started_wall_ms);
  sink.text(item.command);
  sink.text(item.command_answer);
}

template <class Sink>
void put(Sink& sink, const EventItem& item) {
  sink.record(item.event);
  sink.pod(flag(item.has_session));
  if (item.has_session) put(sink, item.session);
  sink.pod(flag(item.has_run));
  if (item.has_run) put(sink, item.run);
  sink.pod(flag(item.has_approval));
  if (item.has_approval) put(sink, item.approval);
  sink.text(item.message_key);
  sink.pod(std::uint64_t{item.part});
}

template <class Sink>
void put(Sink& sink, const GapItem& item) {
  sink.pod(item.upto);
  sink.pod(item.head);
  sink.pod(std::uint64_t{item.events.size()});
  for (const EventItem& event : item.events)
    put(sink, event);
}

template <class Sink>
void put(Sink& sink, const DeltaItem& item) {
  sink.pod(item.run);
  sink.pod(std::uint64_t{item.attempt});
  sink.text(item.run_key);
  sink.text(item.session_key);
  sink.text(item.agent_id);
  sink.text(item.piece);
}

template <class Sink>
void put(Sink& sink, const SessionsItem& item) {
  sink.pod(item.total);
  sink.pod(item.as_of);
  sink.text(item.key);
  sink.pod(flag(item.malformed));
  sink.pod(std::uint64_t{item.sessions.size()});
  for (const core::SessionView& session : item.sessions)
    put(sink, session);
}

template <class Sink>
void put(Sink& sink, const HistoryItem& item) {
  sink.pod(flag(item.found));
  sink.pod(flag(item.more));
  sink.text(item.key);
  sink.pod(flag(item.malformed));
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
void put(Sink& sink, const DevicesItem& item) {
  sink.pod(item.total);
  sink.pod(std::uint64_t{item.devices.size()});
  for (const core::DeviceView& device : item.devices)
    put(sink, device);
}

template <class Sink>
void put(Sink& sink, const PairingItem& item) {
  sink.pod(std::uint64_t{item.requests.size()});
  for (const core::PairingView& request : item.requests)
    put(sink, request);
}

template <class Sink>
void put(Sink& sink, const ApprovalsItem& item) {
  sink.pod(std::uint64_t{item.approvals.size()});
  for (const core::ApprovalView& approval : item.approvals)
    put(sink, approval);
}

template <class Sink>
void put(Sink& sink, const RunsItem& item) {
  sink.pod(item.total);
  sink.pod(std::uint64_t{item.runs.size()});
  for (const OpenRun& open : item.runs) {
    put(sink, open.run);
    sink.text(open.session_key);
    sink.pod(open.queued_wall_ms);
    sink.text(open.behind_run_key);
  }
}

template <class Item>
void write_item(OutboxProducer& out, ItemKind kind, ConnectionRef to, std::uint64_t request,
                const Item& item) {
  write_payload(out, kind, to, request, [&](auto& sink) { put(sink, item); });
}

}  // namespace

void write(OutboxProducer& out, ConnectionRef to, std::uint64_t request, const ReplyItem& item) {
  write_item(out, ItemKind::reply, to, request, item);
}
void write(OutboxProducer& out, const EventItem& item) {
  write_item(out, ItemKind::event, {}, 0, item);
}
void write(OutboxProducer& out, ConnectionRef to, std::uint64_t request, const GapItem& item) {
  write_item(out, ItemKind::gap, to, request, item);
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
void write(OutboxProducer& out, ConnectionRef to, std::uint64_t request, const DevicesItem& item) {
  write_item(out, ItemKind::devices, to, request, item);
}
void write(OutboxProducer& out, ConnectionRef to, std::uint64_t request, const PairingItem& item) {
  write_item(out, ItemKind::pairing, to, request, item);
}
void write(OutboxProducer& out, ConnectionRef to, std::uint64_t request, const RunsItem& item) {
  write_item(out, ItemKind::runs, to, request, item);
}
void write(OutboxProducer& out, ConnectionRef to, std::uint64_t request,
           const ApprovalsItem& item) {
  write_item(out, ItemKind::approvals, to, request, item);
}

void read(ByteSpan payload, ReplyItem& item) {
  Parser parser{payload};
  item.reply = parser.pod<core::Reply>();
  item.session_key = parser.text();
  item.session_uuid = parser.pod<Bits128>();
  item.run_key = parser.text();
  item.pairing_code = parser.text();
  item.pairing_expires_wall_ms = parser.pod<std::int64_t>();
  item.behind_run_key = parser.text();
  item.behind_started_wall_ms = parser.pod<std::int64_t>();
  item.command = parser.text();
  item.command_answer = parser.text();
}

namespace {

void get(Parser& parser, EventItem& item) {
  item.event = parser.record();
  item.has_session = parser.pod<std::uint32_t>() != 0;
  if (item.has_session) get(parser, item.session);
  item.has_run = parser.pod<std::uint32_t>() != 0;
  if (item.has_run) get(parser, item.run);
  item.has_approval = parser.pod<std::uint32_t>() != 0;
  if (item.has_approval) get(parser, item.approval);
  item.message_key = parser.text();
  item.part = static_cast<std::uint32_t>(parser.pod<std::uint64_t>());
}

}  // namespace

void read(ByteSpan payload, EventItem& item) {
  Parser parser{payload};
  get(parser, item);
}

void read(ByteSpan payload, GapItem& item) {
  Parser parser{payload};
  item.upto = parser.pod<Seq>();
  item.head = parser.pod<Seq>();
  item.events.clear();
  item.events.resize(static_cast<std::size_t>(parser.pod<std::uint64_t>()));
  for (EventItem& event : item.events)
    get(parser, event);
}

void read(ByteSpan payload, DeltaItem& item) {
  Parser parser{payload};
  item.run = parser.pod<RunId>();
  item.attempt = static_cast<std::uint16_t>(parser.pod<std::uint64_t>());
  item.run_key = parser.text();
  item.session_key = parser.text();
  item.agent_id = parser.text();
  item.piece = parser.text();
}

void read(ByteSpan payload, SessionsItem& item) {
  Parser parser{payload};
  item.total = parser.pod<std::uint64_t>();
  item.as_of = parser.pod<Seq>();
  item.key = parser.text();
  item.malformed = parser.pod<std::uint32_t>() != 0;
  item.sessions.resize(static_cast<std::size_t>(parser.pod<std::uint64_t>()));
  for (core::SessionView& session : item.sessions)
    get(parser, session);
}

void read(ByteSpan payload, HistoryItem& item) {
  Parser parser{payload};
  item.found = parser.pod<std::uint32_t>() != 0;
  item.more = parser.pod<std::uint32_t>() != 0;
  item.key = parser.text();
  item.malformed = parser.pod<std::uint32_t>() != 0;
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

void read(ByteSpan payload, DevicesItem& item) {
  Parser parser{payload};
  item.total = parser.pod<std::uint64_t>();
  item.devices.resize(static_cast<std::size_t>(parser.pod<std::uint64_t>()));
  for (core::DeviceView& device : item.devices)
    get(parser, device);
}

void read(ByteSpan payload, PairingItem& item) {
  Parser parser{payload};
  item.requests.resize(static_cast<std::size_t>(parser.pod<std::uint64_t>()));
  for (core::PairingView& request : item.requests)
    get(parser, request);
}

void read(ByteSpan payload, RunsItem& item) {
  Parser parser{payload};
  item.total = parser.pod<std::uint64_t>();
  item.runs.clear();
  item.runs.resize(static_cast<std::size_t>(parser.pod<std::uint64_t>()));
  for (OpenRun& open : item.runs) {
    get(parser, open.run);
    open.session_key = parser.text();
    open.queued_wall_ms = parser.pod<std::int64_t>();
    open.behind_run_key = parser.text();
  }
}

void read(ByteSpan payload, ApprovalsItem& item) {
  Parser parser{payload};
  item.approvals.resize(static_cast<std::size_t>(parser.pod<std::uint64_t>()));
  for (core::ApprovalView& approval : item.approvals)
    get(parser, approval);
}

}  // namespace spine::pipeline
