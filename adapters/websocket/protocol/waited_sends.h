// WaitedSends: requests that wait for the outcome of a delivery, and their answers.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine/core/questions/answers.h"
#include "schemas/vocab/ids.h"

namespace spine::net {

struct Context;

// A request to be answered when a delivery has an outcome.
struct SendWaiter {
  ConnectionRef connection{};
  std::string id{};   // of the request
  std::string key{};  // its idempotency key
  DeliveryId delivery{};
  std::string channel{};
  std::string account{};
  std::string conversation_id{};
  std::uint64_t deadline_ms{};  // boot-time: then it is answered that it waits
};

// Thread: net.
class WaitedSends {
 public:
  // `interest`: how many wait, for the engine: it tells of outcomes while there are any.
  explicit WaitedSends(std::atomic<std::uint32_t>& interest) : interest_(interest) {}

  // False when there are too many, in all or of one connection.
  bool wait(SendWaiter waiter);
  // Takes out those who wait for the delivery / whose deadline has passed / of a connection.
  std::vector<SendWaiter> take(DeliveryId delivery);
  std::vector<SendWaiter> take_due(std::uint64_t now_ms);
  void drop(ConnectionRef connection);
  // Takes out one; false when it is gone already.
  bool take_one(ConnectionRef connection, std::string_view id, SendWaiter& out);
  // Earliest deadline; 0 = none.
  std::uint64_t next_deadline_ms() const;

 private:
  template <class F>
  std::vector<SendWaiter> take_if(F f);
  void tell_engine();

  std::vector<SendWaiter> waiters_{};
  std::atomic<std::uint32_t>& interest_;
};

// What became of it: the platform's ids, why not, or that it waits. Nothing happens when the
// connection is gone.
void answer_send(Context& net, const SendWaiter& waiter, const core::SendItem& item);
// Everybody who waits for that delivery / whose time is over is told what became of it.
void answer_sends(Context& net, DeliveryId delivery);
void answer_late_sends(Context& net);

}  // namespace spine::net
