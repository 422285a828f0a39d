// Reports: what an account of a channel tells the engine; each becomes an input.
#pragma once

#include <cstdint>
#include <flatbuffers/flatbuffers.h>
#include <map>
#include <span>
#include <string>
#include <string_view>

#include "adapters/channels/interface/message.h"
#include "engine/pipeline/queues/ingress.h"
#include "schemas/vocab/ids.h"

#include "event_generated.h"

namespace spine::channels {

// An attempt that came to nothing, or of which nobody knows. Borrowed.
struct Failure {
  fb::DeliveryFailure kind{};
  std::string_view reason{};                    // for people, with what to do; no secret in it
  std::uint64_t retry_after_ms{};               // rate_limited
  std::uint32_t pieces{};                       // of the text, that have arrived, of all attempts
  std::span<const std::string> platform_ids{};  // of those that arrived in this attempt
};

// The present state of an account, for those who ask.
struct AccountState {
  fb::ChannelState state{};
  std::string problem{};
  std::string identity{};
  std::int64_t since_wall_ms{};
  std::int64_t last_exchange_wall_ms{};  // the last that succeeded; 0 = none yet
  std::string position{};                // up to where the journal has it; opaque
  std::string position_of{};             // the identity whose position it is
};

// Texts are cut to the bounds of limits.h. What is reported in one turn of the loop is committed
// together if it fits one block, in the order of the calls. Thread: loop. The producer outlives it;
// whoever owns the loop flushes it.
class Reports {
 public:
  // `channel` in lower case.
  Reports(pipeline::IngressProducer& producer, std::string channel, std::string account);

  const std::string& channel() const { return channel_; }
  const std::string& account() const { return account_; }

  // Backpressure: false while the engine's input queue is full. Then nothing more is read from the
  // platform.
  bool has_room() { return producer_.has_room(); }
  // What the journal remembers of the account: identity and position. Before its first report.
  void remember(std::string identity, std::string position, std::string position_of);
  // The channel was given it; it is open until its outcome is reported.
  void given(DeliveryId delivery, EffectId effect) { open_[delivery.value] = effect; }
  // The journal has it, and all that was reported before it.
  void acknowledged(std::string_view identity, std::string_view position) {
    now_.position_of = identity;
    now_.position = position;
  }
  // Those without an outcome.
  const std::map<std::uint64_t, EffectId>& open() const { return open_; }

  // A message; channel and account are put in, and a text that is too long is taken out. Whether it
  // is new, and who may write, the core decides.
  void received(Message message);
  // A conversation has another id from now on. Nothing of it is to be sent to the old one.
  void migrated(std::string_view from, std::string_view to);
  // Everything the platform has sent before that position was reported.
  void read_up_to(std::string_view identity, std::string_view position);
  // `problem` for people, with what to do; empty = none. Does nothing when nothing has changed.
  // `identity`: empty = as before.
  void state(fb::ChannelState state, std::string_view problem = {}, std::string_view identity = {});
  // The platform answered something.
  void exchanged();
  void confirmed(DeliveryId delivery, EffectId effect, std::span<const std::string> platform_ids);
  void failed(DeliveryId delivery, EffectId effect, const Failure& failure);
  // The text so far of a run is shown in that message, which its answer takes the place of. Empty:
  // it may be shown, but nobody knows in which.
  void previewed(RunId run, std::string_view platform_id);

  // What was said of a run that is still worked on; nullptr = nothing.
  const std::string* preview_of(RunId run) const;
  void forget_preview(RunId run) { previews_.erase(run.value); }

  const AccountState& now() const { return now_; }

 private:
  using Text = flatbuffers::Offset<flatbuffers::String>;
  using Texts = flatbuffers::Offset<flatbuffers::Vector<Text>>;
  template <class Table>
  void push(flatbuffers::Offset<Table> table);
  Text text(std::string_view value, std::size_t bytes_max);
  Texts texts(std::span<const std::string> values);

  pipeline::IngressProducer& producer_;
  std::string channel_;
  std::string account_;
  AccountState now_{};
  std::map<std::uint64_t, EffectId> open_{};         // by delivery
  std::map<std::uint64_t, std::string> previews_{};  // by run
  flatbuffers::FlatBufferBuilder builder_{1024};
};

}  // namespace spine::channels
