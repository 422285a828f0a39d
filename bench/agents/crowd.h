// Crowd: all visitors in one epoll set.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "adapters/client/socket.h"
#include "bench/agents/plan.h"
#include "bench/agents/tally.h"
#include "bench/agents/visitor.h"
#include "bench/load/protocol.h"
#include "schemas/vocab/unique_fd.h"

namespace spine::bench {

// Thread: one.
class Crowd {
 public:
  explicit Crowd(const Plan& plan);  // `plan` outlives it

  // Connects all and does their handshakes. What goes wrong is in tally().error.
  void open();
  // Sends `messages` and waits for their answers; ends early when something goes wrong or when
  // nothing is heard for 30 s.
  void run(Phase phase, std::uint64_t messages);

  Tally& tally() { return tally_; }

 private:
  struct Guest {
    client::Socket socket{};
    std::unique_ptr<Visitor> visitor{};
    std::string in{};
    std::string out{};
    std::size_t sent{};  // of out
    bool connected{};
    bool watches_writing{};
  };
  bool turn();
  void on_event(Guest& guest, std::uint32_t events);
  bool receive(Guest& guest);
  void understand(Guest& guest);
  void send_out(Guest& guest);
  void watch(Guest& guest, bool for_writing);

  const Plan& plan_;
  UniqueFd epoll_{};
  std::vector<std::unique_ptr<Guest>> guests_{};
  std::vector<char> buffer_;
  Answers answers_{};
  Tally tally_{};
};

}  // namespace spine::bench
