// Which class speaks to which peer.
#include "bench/load/protocol.h"

#include "bench/load/peer_protocols.h"
#include "bench/load/spine_protocol.h"

namespace spine::bench {

std::unique_ptr<Protocol> make_protocol(const Options& options, std::uint32_t index) {
  switch (options.mode) {
    case Mode::ingest:
      return std::make_unique<IngestProtocol>(options, index);
    case Mode::roundtrip:
      return std::make_unique<RoundTripProtocol>(options, index);
    case Mode::idle:
      return std::make_unique<SpineProtocol>(options, index);
    case Mode::echo:
      return std::make_unique<EchoProtocol>(options, index);
    case Mode::redis:
      return std::make_unique<RedisProtocol>(options, index);
    case Mode::nats:
      return std::make_unique<NatsProtocol>(options, index);
  }
  return nullptr;
}

Status prepare(const Options& options) {
  if (options.mode == Mode::redis) return prepare_redis(options);
  if (options.mode == Mode::nats) return prepare_nats(options);
  return ok();
}

}  // namespace spine::bench
