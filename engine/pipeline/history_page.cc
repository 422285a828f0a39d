// Which events are rows, and what belongs to them.
#include "engine/pipeline/history_page.h"

#include <algorithm>

#include "schemas/fields.h"
#include "schemas/vocab/limits.h"

#include "event_generated.h"

namespace spine::pipeline {
namespace {

using Lack = HistoryPage::Lack;

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

void add_digest(std::vector<Lack>& out, const flatbuffers::Vector<std::uint8_t>* sha256) {
  Lack lack{};
  if (sha256 == nullptr || sha256->size() != lack.sha256.size()) return;
  std::copy(sha256->begin(), sha256->end(), lack.sha256.begin());
  out.push_back(lack);
}

// What belongs to the event and stands elsewhere.
std::vector<Lack> lacks_of(const EventView& event) {
  std::vector<Lack> out;
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

// What an event is for those that lack it.
std::vector<Lack> offers_of(const EventView& event) {
  std::vector<Lack> out;
  if (is_kind(event.header.kind, fb::EventBody::BodyRecorded)) {
    add_digest(out, root_of<fb::BodyRecorded>(event).sha256());
  } else {
    out.push_back({.run = root_of<fb::PartialAnswerRecorded>(event).run()});
  }
  return out;
}

}  // namespace

bool HistoryPage::wants(const EventView& event) const {
  if (event.seq < options_.first || event.header.session != options_.session.value) return false;
  const Part part = part_of(event.header.kind);
  if (part == Part::none) return false;
  return options_.lines == HistoryLines::messages_and_tools || part == Part::message;
}

void HistoryPage::take(const EventView& event) {
  if (full_) ++looked_;
  if (part_of(event.header.kind) != Part::belonging) return add(event);
  for (const Lack& lack : offers_of(event)) {
    // The last attempt's, and nothing that only rows of an older page could lack.
    if (full_ && !wanted_.contains(lack)) continue;
    found_.emplace(lack, event.seq);
    wanted_.erase(lack);
  }
}

void HistoryPage::take_newer(const EventView& event) {
  if (!is_kind(event.header.kind, fb::EventBody::PartialAnswerRecorded)) return;
  for (const Lack& lack : offers_of(event)) {
    if (wanted_newer_.erase(lack) != 0) found_.emplace(lack, event.seq);
  }
}

void HistoryPage::add(const EventView& event) {
  if (full_) return;
  const bool stopped = is_kind(event.header.kind, fb::EventBody::RunAborted);
  // What a reset ended is of the life before, though it may stand behind the message that begins
  // this one.
  if (stopped && root_of<fb::RunAborted>(event).reason() == fb::AbortReason::session_reset) return;
  bytes_ += event.body.size();
  // At least one row, however large: otherwise nobody could ever get past it.
  full_ = lines_.size() == options_.limit || (bytes_ > limits::kHistoryBytesMax && !lines_.empty());
  if (full_) return;
  Line& line = lines_.emplace_back(Line{.event = event});
  if (options_.lines == HistoryLines::messages) return;
  line.lacks = lacks_of(event);
  for (const Lack& lack : line.lacks) {
    if (!found_.contains(lack)) (stopped ? wanted_newer_ : wanted_).insert(lack);
  }
}

Seq HistoryPage::belonging_to(const Line& line) const {
  for (const Lack& lack : line.lacks) {
    if (const auto found = found_.find(lack); found != found_.end()) return found->second;
  }
  return Seq{};
}

}  // namespace spine::pipeline
