// From options to seqs and kinds, and the look at each event.
#include "replay/timeline/selection.h"

#include <algorithm>
#include <fmt/format.h>

#include "schemas/event_verify.h"
#include "schemas/fields.h"
#include "schemas/vocab/show.h"

#include "event_generated.h"

namespace spine::replay {
namespace {

Error no_kind(const std::string& name) {
  std::string text = fmt::format("\"{}\" is not a kind of event. The kinds are:", printable(name));
  for (const fb::EventBody body : fb::EnumValuesEventBody())
    if (body != fb::EventBody::NONE) text += fmt::format("\n  {}", fb::EnumNameEventBody(body));
  return Error{Errc::invalid_argument, std::move(text)};
}

// The channel that a message came by, accepted or not; empty when it is no message.
std::string_view channel_of(const EventView& event) {
  if (!event_is_readable(event)) return {};
  if (is_kind(event, fb::EventBody::MessageReceived)) {
    return text_of(root_of<fb::MessageReceived>(event).channel());
  }
  if (!is_kind(event, fb::EventBody::MessageRejected)) return {};
  const auto* message = root_of<fb::MessageRejected>(event).message();
  return message == nullptr ? std::string_view{} : text_of(message->channel());
}

// Where a range begins or ends. Unlike a single moment it may lie outside the journal: the range is
// then cut to what there is.
enum class Edge : std::uint8_t { first, last };

Result<Seq> edge_at(const std::string& text, Edge edge, Timeline& timeline,
                    const std::string& session) {
  const std::int64_t now = now_ms();
  SPINE_TRY(const Moment moment, parse_moment(text, now));
  if (moment.kind == Moment::Kind::seq) return Seq{moment.seq};
  if (!timeline.last()) return Seq{};
  if (moment.kind == Moment::Kind::wall) {
    const bool first = edge == Edge::first;
    SPINE_TRY(const Seq before, timeline.seq_at(moment.wall_ms - (first ? 1 : 0)));
    return first ? next(before) : before;
  }
  SPINE_TRY(const Place place, resolve(moment, timeline, now, session));
  const bool behind = moment.kind == Moment::Kind::messages_back && edge == Edge::first;
  return behind ? next(place.seq) : place.seq;
}

}  // namespace

std::shared_ptr<SelectionOptions> selection_options(CLI::App& verb) {
  auto options = std::make_shared<SelectionOptions>();
  verb.add_option("--from", options->from,
                  "First event: a seq or a time (\"yesterday 14:03\", -2h)");
  verb.add_option("--to", options->to, "Last event: a seq or a time");
  verb.add_option("--kind", options->kinds, "Only events of this kind; may be repeated");
  verb.add_option("--session", options->session, "Only this session: its key or number");
  verb.add_option("--channel", options->channel, "Only this channel");
  return options;
}

Result<Selection> Selection::find(const SelectionOptions& options, Timeline& timeline) {
  Selection selection{SessionBlocks(timeline, options.session)};
  for (const std::string& name : options.kinds) {
    const std::uint16_t kind = event_kind_of(name);
    if (kind == 0) return no_kind(name);
    selection.kinds_.push_back(kind);
  }
  selection.session_ = options.session;
  selection.channel_ = options.channel;
  selection.from = timeline.first();
  selection.upto = timeline.last();
  if (!options.from.empty()) {
    SPINE_TRY(selection.from, edge_at(options.from, Edge::first, timeline, options.session));
  }
  if (!options.to.empty()) {
    SPINE_TRY(selection.upto, edge_at(options.to, Edge::last, timeline, options.session));
  }
  return selection;
}

bool Selection::wanted(const EventView& event, Names& names) const {
  const RecordHeader& h = event.header;
  if (event.seq < from || event.seq > upto) return false;
  if (!kinds_.empty() && std::ranges::find(kinds_, h.kind) == kinds_.end()) return false;
  if (session_.empty() && channel_.empty()) return true;
  const SessionName* session = h.session == 0 ? nullptr : &names.session(SessionId{h.session});
  if (!session_.empty() &&
      (session == nullptr || (session_ != std::to_string(h.session) && session_ != session->key))) {
    return false;
  }
  return channel_.empty() || (session != nullptr && session->channel == channel_) ||
         channel_of(event) == channel_;
}

}  // namespace spine::replay
