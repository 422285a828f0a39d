// Which events are rows, what belongs to them, and walking back until a page is full.
#include "engine/core/questions/history.h"

#include <algorithm>

#include "engine/core/model/views.h"
#include "schemas/event_verify.h"
#include "schemas/fields.h"
#include "schemas/vocab/limits.h"
#include "schemas/vocab/utf8.h"

#include "event_generated.h"

namespace spine::core {
namespace {

// Of a tool's arguments or result from a BodyRecorded, at most this is shown; the journal has more.
constexpr std::size_t kToolTextBytesMax = 4 * limits::kToolInlineBytesMax;
// How far behind its page the partial answer of a stopped run is looked for.
constexpr std::uint64_t kSeqsBehindMax = 100'000;

using MissingPart = HistoryPage::MissingPart;

enum class Part : std::uint8_t { none, message, tool, belonging };

Part part_of(std::uint16_t kind) {
  switch (static_cast<fb::EventBody>(kind)) {
    case fb::EventBody::MessageReceived:
    case fb::EventBody::RunFinished:
    case fb::EventBody::RunFailed:
    case fb::EventBody::RunAborted:
    case fb::EventBody::CommandAnswered:
      return Part::message;
    case fb::EventBody::ToolCalled:
    case fb::EventBody::ToolReturned:
      return Part::tool;
    case fb::EventBody::PartialAnswerRecorded:
    case fb::EventBody::BodyRecorded:
      return Part::belonging;
    default:
      return Part::none;
  }
}

void add_digest(std::vector<MissingPart>& out, const flatbuffers::Vector<std::uint8_t>* sha256) {
  MissingPart lack{};
  if (sha256 == nullptr || sha256->size() != lack.sha256.size()) return;
  std::copy(sha256->begin(), sha256->end(), lack.sha256.begin());
  out.push_back(lack);
}

// What belongs to the event but is recorded in another.
std::vector<MissingPart> missing_parts(const EventView& event) {
  std::vector<MissingPart> out;
  switch (static_cast<fb::EventBody>(event.header.kind)) {
    case fb::EventBody::RunFailed:
      out.push_back({.run = root_of<fb::RunFailed>(event).run()});
      break;
    case fb::EventBody::RunAborted: {
      const auto* runs = root_of<fb::RunAborted>(event).runs();
      for (flatbuffers::uoffset_t i = 0; runs != nullptr && i < runs->size(); ++i)
        out.push_back({.run = runs->Get(i)});
      break;
    }
    case fb::EventBody::ToolCalled: {
      const auto& body = root_of<fb::ToolCalled>(event);
      const bool apart = text_of(body.arguments()).empty() && body.arguments_bytes() != 0;
      if (apart) add_digest(out, body.arguments_sha256());
      break;
    }
    case fb::EventBody::ToolReturned: {
      const auto& body = root_of<fb::ToolReturned>(event);
      const bool apart = text_of(body.result()).empty() && body.result_bytes() != 0;
      if (apart) add_digest(out, body.result_sha256());
      break;
    }
    default:
      break;
  }
  return out;
}

// Which lacks of other events this event fills.
std::vector<MissingPart> parts_provided(const EventView& event) {
  std::vector<MissingPart> out;
  if (is_kind(event.header.kind, fb::EventBody::BodyRecorded)) {
    add_digest(out, root_of<fb::BodyRecorded>(event).sha256());
  } else {
    out.push_back({.run = root_of<fb::PartialAnswerRecorded>(event).run()});
  }
  return out;
}

}  // namespace

void HistoryPage::begin_part(const HistoryPart& part) {
  part_ = part;
  wanted_newer_.clear();
}

bool HistoryPage::wants(const EventView& event) const {
  if (event.seq < part_.first || event.header.session != part_.session.value) return false;
  const Part part = part_of(event.header.kind);
  if (part == Part::none) return false;
  return options_.lines == HistoryLines::messages_and_tools || part == Part::message;
}

bool HistoryPage::has_room_for(const EventView& event) const {
  return !full_ && part_of(event.header.kind) != Part::belonging;
}

void HistoryPage::take(const EventView& event) {
  if (full_) ++looked_;
  if (part_of(event.header.kind) != Part::belonging) return add(event);
  for (const MissingPart& lack : parts_provided(event)) {
    // Newest first, so the last attempt's is kept. On a full page, only what its rows lack.
    if (full_ && !wanted_.contains(lack)) continue;
    found_.emplace(lack, event.seq);
    wanted_.erase(lack);
  }
}

void HistoryPage::take_newer(const EventView& event) {
  if (!is_kind(event.header.kind, fb::EventBody::PartialAnswerRecorded)) return;
  for (const MissingPart& lack : parts_provided(event)) {
    if (wanted_newer_.erase(lack) != 0) found_.emplace(lack, event.seq);
  }
}

void HistoryPage::add(const EventView& event) {
  if (full_) return;
  const bool stopped = is_kind(event.header.kind, fb::EventBody::RunAborted);
  // Runs ended by a reset are of the life before, though their RunAborted may come after the
  // message that begins this one.
  if (stopped && root_of<fb::RunAborted>(event).reason() == fb::AbortReason::session_reset) return;
  bytes_ += event.body.size();
  // At least one row, however large: otherwise paging could never get past it.
  full_ = lines_.size() == options_.limit || (bytes_ > limits::kHistoryBytesMax && !lines_.empty());
  if (full_) return;
  Line& line = lines_.emplace_back(Line{.event = event});
  if (options_.lines == HistoryLines::messages) return;
  line.lacks = missing_parts(event);
  for (const MissingPart& lack : line.lacks) {
    if (!found_.contains(lack)) (stopped ? wanted_newer_ : wanted_).insert(lack);
  }
}

Seq HistoryPage::belonging_to(const Line& line) const {
  for (const MissingPart& lack : line.lacks) {
    if (const auto found = found_.find(lack); found != found_.end()) return found->second;
  }
  return Seq{};
}

Result<HistoryItem> HistoryReader::read(SessionId session, Seq before, std::uint64_t limit,
                                        HistoryLines lines) {
  HistoryItem item{};
  item.found = view_session(state_, session, item.session);
  if (!item.found) return item;
  page_ = HistoryPage(
      {.limit = std::min<std::size_t>(limit, limits::kHistoryMessagesMax), .lines = lines});
  SPINE_TRY_STATUS(collect(view_history(state_, session), before));
  SPINE_TRY_STATUS(fill(item));
  return item;
}

// Walks back from the newest until there is enough.
Status HistoryReader::collect(const HistoryParts& parts, Seq before) {
  // A client names any number as its cursor: what lies beyond the journal's end is the end.
  const Seq last = before ? std::min(Seq{before.value - 1}, state_.applied()) : state_.applied();
  for (auto part = parts.rbegin(); part != parts.rend() && !page_.complete(); ++part) {
    if (part->first > last) continue;
    SPINE_TRY_STATUS(collect_part(*part, std::min(part->last, last)));
  }
  return ok();
}

Status HistoryReader::collect_part(const HistoryPart& part, Seq last) {
  const SessionRange range{.session = part.session, .first = part.first, .last = last};
  page_.begin_part(part);
  SPINE_TRY_STATUS(source_.walk_back(range, [this](const EventView& event) -> Result<bool> {
    if (!page_.wants(event)) return true;
    if (!event_is_readable(event)) return unreadable_event(event);
    page_.take(page_.has_room_for(event) ? source_.keep(event) : event);
    return !page_.complete();
  }));
  const bool more_behind = last && last < state_.applied();
  return page_.wants_newer_events() && more_behind ? look_behind(part.session, last) : ok();
}

Status HistoryReader::look_behind(SessionId session, Seq last) {
  const Seq to = std::min(state_.applied(), Seq{last.value + kSeqsBehindMax});
  const SessionRange range{.session = session, .first = next(last), .last = to};
  return source_.walk_on(range, [this](const EventView& event) -> Result<bool> {
    if (!page_.wants(event)) return true;
    if (!event_is_readable(event)) return unreadable_event(event);
    page_.take_newer(event);
    return page_.wants_newer_events();
  });
}

// What belongs to a row; of a large text the beginning.
EventView HistoryReader::shown(EventView event) {
  if (!is_kind(event, fb::EventBody::BodyRecorded)) return event;
  const auto& body = root_of<fb::BodyRecorded>(event);
  const std::string_view text = cut_text(text_of(body.text()), kToolTextBytesMax);
  flatbuffers::FlatBufferBuilder builder;
  const auto beginning = builder.CreateString(text.data(), text.size());
  builder.Finish(fb::CreateBodyRecorded(builder, body.run(), 0, body.bytes(), beginning));
  event.body = copies_.emplace_back(finished(builder)).view();
  return event;
}

// Oldest first; what belongs to a row comes right before it. Both count, so a page may end earlier
// than its rows do.
Status HistoryReader::fill(HistoryItem& item) {
  item.more = page_.more();
  std::size_t bytes = 0;
  for (const HistoryPage::Line& line : page_.lines()) {
    const Seq belongs = page_.belonging_to(line);
    EventView belonging{};
    if (belongs) {
      SPINE_TRY(belonging, source_.event_at(belongs));
      belonging = shown(belonging);
    }
    bytes += line.event.body.size() + belonging.body.size();
    if (bytes > limits::kHistoryBytesMax && !item.events.empty()) {
      item.more = true;
      break;
    }
    item.events.push_back(line.event);
    if (belongs) item.events.push_back(belonging);
  }
  std::reverse(item.events.begin(), item.events.end());
  return ok();
}

}  // namespace spine::core
