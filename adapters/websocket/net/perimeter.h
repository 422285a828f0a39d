// Perimeter: every accepted socket from accept to its end, and how many strangers may hold.
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

// In which order strangers with a whole request are served; each lane gets its share.
enum class Lane : std::uint8_t {
  local,  // the person at the machine
  first,  // a request of one that had no answer yet
  again,  // any further request of a connection
  door,   // wants one of the places inside
  count,
};

// What one socket is, before and beside its WebSocket connection.
struct Socket {
  // Where a stranger is: outside the library its request is waited for, then it waits to be served,
  // is answered, or, after the last answer, is listened to until it closes; or it is inside.
  enum class Place : std::uint8_t { none, outside, ready, answering, leaving, inside };

  lws* wsi{};          // null outside
  UniqueFd outside{};  // its descriptor there
  Place place{Place::none};
  IpAddress key{};  // what the address limits count
  bool counted{};   // by them
  bool loopback{};
  bool control{};
  bool tls{};
  bool proxy{};       // a trusted proxy's: limits are by the client it names
  bool known{};       // has said hello, or is about to
  bool dying{};       // told to go
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
  std::string address{};  // in words; of the client behind a proxy
  std::string host{};     // of the upgrade
  std::string origin{};
  std::unique_ptr<HttpOut> out{};  // a response the peer has not taken yet
  std::string head{};              // under TLS: what came in and is no whole request yet
  FrameReader frames{};            // of its connection
  std::string unread{};            // frames that came before it was not to be read from
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
  // Moves a proxy's socket to the client of its latest request. False when that one holds too many.
  bool forwarded(Socket& socket, std::string_view address);
  // It said hello: it is no stranger any more.
  void know(Socket& socket);
  // It may go on until then.
  void extend(Socket& socket, std::uint64_t now_ms) { socket.deadline_ms = now_ms + handshake_ms_; }
  // It has so long to send a whole request in.
  void await_head(Socket& socket, std::uint64_t now_ms) {
    socket.deadline_ms = now_ms + std::min(handshake_ms_, limits::kHttpHeadMs);
  }
  // It was answered and is about to close.
  void await_end(Socket& socket, std::uint64_t now_ms) {
    socket.deadline_ms = now_ms + std::min(handshake_ms_, kLeavingMs);
  }
  void remove(Socket& socket);

  // Marks it to be cut, so that another one finds room.
  void make_room(Socket& socket) {
    metrics_.sockets_cut_oldest.add();
    doom(socket);
  }
  // Marks those whose time is over. Upgraded ones have deadlines of their own.
  void check(std::uint64_t now_ms);
  // When check() should be called next, 0 = no need.
  std::uint64_t next_check_ms() const { return strangers_ == 0 ? 0 : next_check_ms_; }
  // Sockets to be cut: taken over and cleared by the caller.
  std::vector<Socket*>& doomed() { return doomed_; }

  std::size_t size() const { return sockets_.size(); }
  std::uint32_t strangers() const { return strangers_; }
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
  void doom(Socket& socket);
  void count();

  pipeline::Metrics& metrics_;
  std::uint64_t handshake_ms_;
  std::uint64_t next_check_ms_{};
  std::vector<std::unique_ptr<Socket>> sockets_{};
  std::map<IpAddress, Share> shares_{};  // of addresses beyond loopback; bounded by the sockets
  std::vector<Socket*> doomed_{};
  Socket* oldest_{};
  Socket* newest_{};
  std::uint32_t strangers_{};
};

}  // namespace spine::net
