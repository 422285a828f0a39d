// FoldedIds: reads messages and pairing requests that were recorded without exact_ids.
#include "adapters/cli/folded_ids.h"

#include <algorithm>
#include <fmt/format.h>

#include "engine/core/key_buffer.h"
#include "schemas/event_verify.h"
#include "schemas/fields.h"
#include "schemas/vocab/ascii.h"

namespace spine::cli {
namespace {

// Some seconds of reading, and of memory what doctor may take.
constexpr std::uint64_t kEventsMax = 10'000'000;
constexpr std::size_t kPlacesMax = 100'000;
constexpr std::size_t kIdsOfOneMax = 16;

bool is_looked_at(std::uint16_t kind) {
  switch (static_cast<fb::EventBody>(kind)) {
    case fb::EventBody::SessionOpened:
    case fb::EventBody::SessionClosed:
    case fb::EventBody::MessageReceived:
    case fb::EventBody::ChannelPairingRequested:
    case fb::EventBody::ChannelPairingResolved:
      return true;
    default:
      return false;
  }
}

template <class Body>
const Body& body_of(const EventView& event) {
  return *flatbuffers::GetRoot<Body>(event.body.data());
}

// The ids by which a session is found, as they were written. (Channels have no case.)
std::string ids_of(const fb::MessageReceived& message) {
  const bool direct = message.conversation() == fb::ConversationKind::direct &&
                      !text_of(message.sender_id()).empty();
  std::string ids{text_of(direct ? message.sender_id() : message.conversation_id())};
  const std::string_view account = text_of(message.account());
  const std::string_view thread = text_of(message.thread());
  if (!account.empty()) ids.append(" (account ").append(account).append(")");
  if (!thread.empty()) ids.append(" (thread ").append(thread).append(")");
  return ids;
}

std::string place_of(std::string_view channel, std::string_view account, std::string_view sender) {
  core::KeyBuffer place;
  place.add_field_lower(channel).add_field_lower(account).add_field_lower(sender);
  return std::string{place.view()};
}

// One with capitals alone is of interest, too: it is another one today.
bool matters(const std::string& folded_id, const std::set<std::string>& ids) {
  return ids.size() > 1 || (!ids.empty() && *ids.begin() != folded_id);
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
  switch (static_cast<fb::EventBody>(event.header.kind)) {
    case fb::EventBody::SessionOpened:
      if (keys_.size() == kPlacesMax) {
        complete_ = false;
        return;
      }
      keys_.emplace(event.seq.value, text_of(body_of<fb::SessionOpened>(event).key()));
      return;
    case fb::EventBody::SessionClosed:
      keys_.erase(event.header.session);
      sessions_.erase(event.header.session);
      return;
    case fb::EventBody::MessageReceived:
      return see_message(event);
    case fb::EventBody::ChannelPairingRequested:
      return see_request(event);
    case fb::EventBody::ChannelPairingResolved:
      return see_answer(event);
    default:
      return;
  }
}

void FoldedIdsFinder::see_message(const EventView& event) {
  const auto& message = body_of<fb::MessageReceived>(event);
  if (message.exact_ids() || message.via() != fb::MessageVia::channel || !has_room()) return;
  const std::string ids = ids_of(message);
  const std::string as_one = lower_case(ids);
  auto& of_session = sessions_[event.header.session];
  // Many people may share a session on purpose: only those that differ in case met by mistake.
  if (of_session.size() < kIdsOfOneMax || of_session.contains(as_one)) {
    add_id(of_session[as_one], ids);
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

void FoldedIdsFinder::see_request(const EventView& event) {
  const auto& body = body_of<fb::ChannelPairingRequested>(event);
  if (body.exact_ids() || requests_.size() == kPlacesMax) return;
  const std::string_view channel = text_of(body.channel());
  const std::string_view account = text_of(body.account());
  const std::string_view sender = text_of(body.sender_id());
  requests_[event.seq.value] = Approval{
      .name = fmt::format("{} on {}{}{}", sender, channel, account.empty() ? "" : " ", account),
      .place = place_of(channel, account, sender),
      .sender = std::string{sender}};
}

void FoldedIdsFinder::see_answer(const EventView& event) {
  const auto& body = body_of<fb::ChannelPairingResolved>(event);
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
    for (const auto& [id, ids] : groups) {
      // Many share a session that no id of theirs names (dmScope main): that is as it was.
      const std::string& first = *ids.begin();
      const bool named =
          key->second.find(lower_case(first.substr(0, first.find(" (")))) != std::string::npos;
      if (named && matters(id, ids)) group.ids.insert(group.ids.end(), ids.begin(), ids.end());
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
    // A fresh look for every block: a pinned reader makes a live journal's file grow.
    SPINE_TRY_STATUS(reader.renew());
    SPINE_TRY(const journal::BlockView block, reader.block_of(at));
    for (std::uint32_t i = 0; i < block.count(); ++i) {
      const EventView event = block.event(i);
      if (!is_looked_at(event.header.kind)) continue;
      if (event_is_readable(event)) finder.see(event);
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
