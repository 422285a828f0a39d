// SteadyPath: one message's way from frame to answer, all threads' work done by one.
#pragma once

#include <cstdint>
#include <flatbuffers/flatbuffers.h>
#include <memory>
#include <string>
#include <vector>

#include "adapters/websocket/methods/channel_message.h"
#include "adapters/websocket/protocol/frame_buffer.h"
#include "bench/micro/disk_file.h"
#include "bench/support/core_feed.h"
#include "engine/pipeline/items/messages.h"
#include "engine/pipeline/queues/ingress.h"
#include "engine/pipeline/queues/outbox.h"
#include "journal/journal.h"

namespace spine::bench {

// Thread: one; it plays the net thread and the engine thread in turn, with the parts they use.
class SteadyPath {
 public:
  SteadyPath();
  // Opens the sessions and lets buffers and blocks grow to their size. (Tables of the state take
  // their memory from the system as they fill, never per message.)
  void warm();
  // `count` frames: read, built, handed over, decided, folded, committed, answered, framed.
  void turn(std::uint32_t count);
  std::uint64_t answered() const { return answered_; }

 private:
  void receive();
  void decide_all();
  void answer();

  ScratchDir dir_{};
  std::unique_ptr<journal::Journal> journal_{};
  journal::Batch batch_{};
  CoreFeed feed_{&batch_};
  pipeline::Ingress ingress_{};
  pipeline::Outbox outbox_;
  pipeline::IngressProducer* input_{};
  pipeline::OutboxProducer* output_{};
  std::vector<pipeline::IngressBlock*> blocks_{};
  net::ChannelMessageReader reader_{};
  PaddedText padded_{};
  net::FrameBuffer frames_{};
  flatbuffers::FlatBufferBuilder builder_{1024};
  pipeline::ReplyItem item_{};
  std::string frame_{};
  std::size_t id_at_{};
  std::uint64_t number_{};
  std::uint64_t answered_{};
};

}  // namespace spine::bench
