// Channels: in another state, read up to a position.
#include "engine/core/channels/evolve.h"

#include "engine/core/sessions/session_key.h"

namespace spine::core {

void fold_channel_state(const Folding& fold) {
  const auto& body = fold.body<fb::ChannelStateChanged>();
  Channels& channels = fold.tables.channels;
  const ChannelRow news{.id = ChannelId{fold.seq().value},
                        .name = cut_field(body.channel()),
                        .account = cut_field(body.account()),
                        .state = body.state(),
                        .since_wall_ms = fold.wall_ms(),
                        .problem = cut_field(body.problem(), limits::kKeyBytesMax),
                        .identity = cut_field(body.identity()),
                        .served = body.served()};
  ChannelRow* channel = channels.find(news.name, news.account);
  if (channel == nullptr) return channels.add(news);
  if (channel->state != news.state) channel->since_wall_ms = news.since_wall_ms;
  channel->state = news.state;
  channel->problem = news.problem;
  if (body.identity() != nullptr) channel->identity = news.identity;
  // People have switched what the gateway ran itself, and not this.
  if (news.served && !channel->served) channel->wanted = fb::ChannelSwitch::on;
  channel->served = news.served;
}

void fold_channel_read(const Folding& fold) {
  const auto& body = fold.body<fb::ChannelRead>();
  ChannelRow* channel = fold.tables.channels.find(text_of(body.channel()), text_of(body.account()));
  if (channel == nullptr) return;
  channel->position = cut_field(body.position());
  channel->position_of = cut_field(body.identity());
}

// Its sessions go on under the new id, unless one of that id is there.
void fold_migrated(const Folding& fold) {
  const auto& body = fold.body<fb::ConversationMigrated>();
  const MigrationRow row{.id = fold.seq(),
                         .channel = cut_field(body.channel()),
                         .account = cut_field(body.account()),
                         .from = cut_field(body.from()),
                         .to = cut_field(body.to())};
  if (row.from.empty() || row.to.empty() || row.from == row.to) return;
  Tables& tables = fold.tables;
  tables.migrations.add(row);
  Sessions& sessions = tables.sessions;
  for (std::uint32_t at = 1; at < sessions.end(); ++at) {
    KeyBuffer key;
    if (!sessions.live(at) || !migrated_key(sessions.text(sessions.cold(at).key), row,
                                            tables.meta.fingerprint_key, key)) {
      continue;
    }
    if (sessions.find_key(key.view()) == 0) sessions.move(at, key.view(), row.from, row.to);
  }
}

void fold_channel_switched(const Folding& fold) {
  const auto& body = fold.body<fb::ChannelSwitched>();
  ChannelRow* channel = fold.tables.channels.find(text_of(body.channel()), text_of(body.account()));
  if (channel != nullptr) channel->wanted = body.to();
}

}  // namespace spine::core
