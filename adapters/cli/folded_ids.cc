// FoldedIds: reads messages and pairing requests that were recorded without exact_ids.
#include "adapters/cli/folded_ids.h"

#include <fmt/format.h>

#include "engine/core/base/key_buffer.h"
#include "schemas/event_verify.h"
#include "schemas/fields.h"
#include "schemas/vocab/ascii.h"

namespace spine::cli {
namespace {

// Bounds of doctor: some seconds of reading, and memory.
constexpr std::uint64_t kEventsMax = 10'000'000;
constexpr std::size_t kPlacesMax = 100'000;
constexpr std::size_t kIdsOfOneMax = 16;

// Null if the event is invalid.
template <class Body>
const Body* body_of(const EventView& event) {
  if (!event_is_readable(event)) return nullptr;
  return flatbuffers::GetRoot<Body>(event.body.data());
}

// The id that selects the session, as written. (Names of channels are case-insensitive.)
std::string_view id_of(const fb::MessageReceived& message) {
  const std::string_view sender = text_of(message.sender_id());
  const bool direct = message.conversation() == fb::ConversationKind::direct && !sender.empty();
  return direct ? sender : text_of(message.conversation_id());
}

// The same, with account and thread, which also select the session.
std::string shown_id(const fb::MessageReceived& message) {
  std::string shown{id_of(message)};
  const std::string_view account = text_of(message.account());
  const std::string_view thread = text_of(message.thread());
  if (!account.empty()) shown.append(" (account ").append(account).append(")");
  if (!thread.empty()) shown.append(" (thread ").append(thread).append(")");
  return shown;
}

std::string place_of(std::string_view channel, std::string_view account, std::string_view sender) {
  core::KeyBuffer place;
  place.add_field_lower(channel).add_field_lower(account).add_field_lower(sender);
  return std::string{place.view()};
}

void add_id(std::set<std::string>& ids, const std::string& id) {
  if (ids.size() < kIdsOfOneMax) ids.insert(id);
}

}  // namespace

bool FoldedIdsFinder::has_room() {
  const bool room = sessions_.size() + senders_.size() + people_ < kPlacesMax;
  complete_ = complete_ && room;
  return room;
}

void FoldedIdsFinder::see(const EventView& event) {
  const std::uint64_t session = event.header.session;
  switch (static_cast<fb::EventBody>(event.header.kind)) {
    case fb::EventBody::SessionOpened:
      if (const auto* body = body_of<fb::SessionOpened>(event)) {
        complete_ = complete_ && keys_.size() < kPlacesMax;
        if (keys_.size() < kPlacesMax) keys_.emplace(event.seq.value, text_of(body->key()));
      }
      return;
    case fb::EventBody::SessionClosed:
      keys_.erase(session);
      sessions_.erase(session);
      return;
    case fb::EventBody::MessageReceived:
      if (const auto* body = body_of<fb::MessageReceived>(event)) see_message(session, *body);
      return;
    case fb::EventBody::ChannelPairingRequested:
      if (const auto* body = body_of<fb::ChannelPairingRequested>(event)) {
        see_request(event.seq.value, *body);
      }
      return;
    case fb::EventBody::ChannelPairingResolved:
      if (const auto* body = body_of<fb::ChannelPairingResolved>(event)) see_answer(*body);
      return;
    default:
      return;
  }
}

void FoldedIdsFinder::see_message(std::uint64_t session, const fb::MessageReceived& message) {
  if (message.exact_ids() || message.via() != fb::MessageVia::channel || !has_room()) return;
  const std::string shown = shown_id(message);
  const std::string as_one = lower_case(shown);
  auto& of_session = sessions_[session];
  // Sessions may be shared on purpose: only ids that differ in case alone are a conflict.
  if (of_session.size() < kIdsOfOneMax || of_session.contains(as_one)) {
    Met& met = of_session[as_one];
    met.id = lower_case(id_of(message));
    add_id(met.shown, shown);
  }
  const std::string sender{text_of(message.sender_id())};
  const auto [spellings, fresh] =
      by_channel_[lower_case(text_of(message.channel()))].try_emplace(lower_case(sender));
  people_ += fresh ? 1 : 0;
  add_id(spellings->second, sender);
  if (message.conversation() != fb::ConversationKind::direct) return;
  add_id(senders_[place_of(text_of(message.channel()), text_of(message.account()), sender)],
         sender);
}

void FoldedIdsFinder::see_request(std::uint64_t seq, const fb::ChannelPairingRequested& body) {
  if (body.exact_ids() || requests_.size() == kPlacesMax) return;
  const std::string_view channel = text_of(body.channel());
  const std::string_view account = text_of(body.account());
  const std::string_view sender = text_of(body.sender_id());
  requests_[seq] = Approval{
      .name = fmt::format("{} on {}{}{}", sender, channel, account.empty() ? "" : " ", account),
      .place = place_of(channel, account, sender),
      .sender = std::string{sender}};
}

void FoldedIdsFinder::see_answer(const fb::ChannelPairingResolved& body) {
  const auto request = requests_.find(body.request());
  if (request == requests_.end()) return;
  if (body.approved()) approvals_.push_back(request->second);
  requests_.erase(request);
}

std::vector<std::string> FoldedIds::written_otherwise(const std::string& channel,
                                                      const std::string& listed) const {
  const auto of_channel = senders.find(lower_case(channel));
  if (of_channel == senders.end()) return {};
  const auto ids = of_channel->second.find(lower_case(listed));
  if (ids == of_channel->second.end() || ids->second.contains(listed)) return {};
  return {ids->second.begin(), ids->second.end()};
}

FoldedIds FoldedIdsFinder::result() const {
  FoldedIds found{};
  found.senders = by_channel_;
  found.complete = complete_;
  for (const auto& [session, groups] : sessions_) {
    const auto key = keys_.find(session);
    if (key == keys_.end()) continue;
    FoldedGroup group{.name = key->second};
    for (const auto& [as_one, met] : groups) {
      // Senders may share a session whose key names none of them (dmScope main): nothing changed. A
      // single id with capitals counts, too: it selects another session now.
      const bool other = met.shown.size() > 1 || !met.shown.contains(as_one);
      if (key->second.find(met.id) == std::string::npos || !other) continue;
      group.ids.insert(group.ids.end(), met.shown.begin(), met.shown.end());
    }
    if (!group.ids.empty()) found.sessions.push_back(std::move(group));
  }
  for (const Approval& approval : approvals_) {
    const auto senders = senders_.find(approval.place);
    FoldedGroup group{.name = approval.name};
    if (senders != senders_.end()) group.ids.assign(senders->second.begin(), senders->second.end());
    std::erase(group.ids, approval.sender);
    if (!group.ids.empty()) found.approvals.push_back(std::move(group));
  }
  return found;
}

Result<FoldedIds> find_folded_ids(journal::Reader& reader) {
  FoldedIdsFinder finder;
  std::uint64_t events = 0;
  Seq at = reader.first();
  bool all = true;
  while (at && at <= reader.last()) {
    // A new read snapshot for every block: a long one would make a live journal's file grow.
    SPINE_TRY_STATUS(reader.renew());
    SPINE_TRY(const journal::BlockView block, reader.block_of(at));
    for (std::uint32_t i = 0; i < block.count(); ++i) {
      finder.see(block.event(i));
    }
    events += block.count();
    at = next(block.last());
    all = events < kEventsMax;
    if (!all) break;
  }
  FoldedIds found = finder.result();
  found.complete = found.complete && (all || at > reader.last());
  return found;
}

}  // namespace spine::cli
