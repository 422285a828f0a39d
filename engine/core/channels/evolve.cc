// Channels: in another state, read up to a position.
#include "engine/core/channels/evolve.h"

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
                        .identity = cut_field(body.identity())};
  ChannelRow* channel = channels.find(news.name, news.account);
  if (channel == nullptr) return channels.add(news);
  if (channel->state != news.state) channel->since_wall_ms = news.since_wall_ms;
  channel->state = news.state;
  channel->problem = news.problem;
  if (body.identity() != nullptr) channel->identity = news.identity;
}

void fold_channel_read(const Folding& fold) {
  const auto& body = fold.body<fb::ChannelRead>();
  ChannelRow* channel = fold.tables.channels.find(text_of(body.channel()), text_of(body.account()));
  if (channel == nullptr) return;
  channel->position = cut_field(body.position());
  channel->position_of = cut_field(body.identity());
}

void fold_channel_switched(const Folding& fold) {
  const auto& body = fold.body<fb::ChannelSwitched>();
  ChannelRow* channel = fold.tables.channels.find(text_of(body.channel()), text_of(body.account()));
  if (channel != nullptr) channel->wanted = body.to();
}

}  // namespace spine::core
