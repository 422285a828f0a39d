// Perimeter: all sockets from accept to close; limits on strangers (no hello-ok yet).
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/websocket/net/frame_reader.h"
#include "adapters/websocket/net/http_out.h"
#include "engine/pipeline/queues/shared.h"
#include "schemas/vocab/addresses.h"
#include "schemas/vocab/ids.h"
#include "schemas/vocab/limits.h"
#include "schemas/vocab/unique_fd.h"

struct lws;

namespace spine::net {

// Addresses and CIDR ranges whose forwarding headers are believed.
class TrustedProxies {
 public:
  TrustedProxies() = default;
  // What does not parse is left out: the config refuses it.
  explicit TrustedProxies(const std::vector<std::string>& ranges);
  bool contains(const IpAddress& address) const;
  // The client of an X-Forwarded-For value: the rightmost address that is no proxy of ours. Empty
  // when there is none, or something stands there that is no address.
  std::string client(std::string_view forwarded_for) const;

 private:
  std::vector<IpRange> ranges_{};
};

// The queues of strangers with a complete request; each lane gets its share of a turn.
enum class Lane : std::uint8_t {
  local,  // the person at the machine
  first,  // a request of one that had no answer yet
  again,  // any further request of a connection
  door,   // wants one of the places inside
  count,
};

// The state of one socket, before and beside its WebSocket connection.
struct Socket {
  // Where a stranger is. Without libwebsockets: outside (its request is awaited), ready (queued),
  // answering, leaving (after the last answer, drained until it closes). With it: inside.
  enum class Place : std::uint8_t { none, outside, ready, answering, leaving, inside };

  lws* wsi{};          // null outside
  UniqueFd outside{};  // its descriptor there
  Place place{Place::none};
  IpAddress key{};  // by which the limits per address count
  bool counted{};   // by those limits
  bool loopback{};
  bool control{};
  bool tls{};
  bool proxy{};       // a trusted proxy's: limits are by the client it names
  bool known{};       // no stranger: has its hello-ok
  bool closing{};     // about to be cut
  bool upgraded{};    // `slot` is its connection
  bool answered{};    // it had an answer: those that had none go first
  bool resting{};     // in the loop's list of those inside that were answered
  bool leaving{};     // inside: what still comes is thrown away
  Lane lane{};        // where it waits when ready
  bool foreign{};     // its upgrade had an Origin that is not allowed
  bool local_name{};  // came straight here, by a loopback name
  ConnectionRef slot{};
  std::uint64_t accepted_ms{};
  std::uint64_t entered_ms{};  // the library
  std::uint64_t deadline_ms{};
  std::string address{};  // as text; of the client behind a proxy
  std::string host{};     // of the upgrade
  std::string origin{};
  std::unique_ptr<HttpOut> out{};  // a response the peer has not taken yet
  std::string head{};              // under TLS: an incomplete request
  FrameReader frames{};            // of its connection
  std::string unread{};            // input received while reading is paused
  std::uint32_t index{};           // in Perimeter's list
  Socket* older{};                 // among those that are not known
  Socket* newer{};
};

// How a socket came in.
struct Arrival {
  std::string_view address{};
  IpAddress whole{};
  bool control{};
  bool proxy{};
};

// Thread: net.
class Perimeter {
 public:
  Perimeter(pipeline::Metrics& metrics, std::uint64_t handshake_ms)
      : metrics_(metrics), handshake_ms_(handshake_ms) {}

  // Null when its address holds too many: the caller closes it. When there are too many strangers
  // in all, the oldest is among doomed() afterwards.
  Socket* admit(const Arrival& arrival, std::uint64_t now_ms);
  // Counts a proxy's socket for the client of its latest request. False when that has too many.
  bool forwarded(Socket& socket, std::string_view address);
  // It got its hello-ok: it is no stranger any more.
  void know(Socket& socket);
  // Starts its deadline for a handshake.
  void extend(Socket& socket, std::uint64_t now_ms) { socket.deadline_ms = now_ms + handshake_ms_; }
  // Starts its deadline for a complete request head.
  void await_head(Socket& socket, std::uint64_t now_ms) {
    socket.deadline_ms = now_ms + std::min(handshake_ms_, limits::kHttpHeadMs);
  }
  // Starts the peer's deadline to close, after the last answer.
  void await_end(Socket& socket, std::uint64_t now_ms) {
    socket.deadline_ms = now_ms + std::min(handshake_ms_, kLeavingMs);
  }
  void remove(Socket& socket);

  // Evicts it: marks it to be cut, to make room for another one.
  void make_room(Socket& socket) {
    metrics_.sockets_cut_oldest.add();
    mark_for_close(socket);
  }
  // Marks those past their deadline. Upgraded ones have deadlines of their own.
  void check(std::uint64_t now_ms);
  // When check() should be called next, 0 = no need.
  std::uint64_t next_check_ms() const { return unauthenticated_ == 0 ? 0 : next_check_ms_; }
  // Sockets to be cut: taken over and cleared by the caller.
  std::vector<Socket*>& marked_for_close() { return marked_for_close_; }

  std::size_t size() const { return sockets_.size(); }
  std::uint32_t strangers() const { return unauthenticated_; }
  Socket* oldest() { return oldest_; }

 private:
  // For a peer to read the last answer and to close.
  static constexpr std::uint64_t kLeavingMs = 2'000;
  struct Share {
    std::uint32_t open{};
    std::uint32_t strangers{};
  };
  bool charge(Socket& socket, const IpAddress& key);
  void discharge(Socket& socket);
  void unlink(Socket& socket);
  void mark_for_close(Socket& socket);
  void count();

  pipeline::Metrics& metrics_;
  std::uint64_t handshake_ms_;
  std::uint64_t next_check_ms_{};
  std::vector<std::unique_ptr<Socket>> sockets_{};
  std::map<IpAddress, Share> shares_{};  // of addresses beyond loopback; bounded by the sockets
  std::vector<Socket*> marked_for_close_{};
  Socket* oldest_{};
  Socket* newest_{};
  std::uint32_t unauthenticated_{};
};

}  // namespace spine::net
