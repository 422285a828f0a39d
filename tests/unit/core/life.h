// Life: random inputs that make sense, and some that do not, given to a World.
#pragma once

#include <string>

#include "tests/unit/core/prng.h"
#include "tests/unit/core/world.h"

namespace spine::core {

ConfigSpec random_config(Prng& prng);
// How agents are dealt with, and what happens to messages of busy sessions.
void randomise_agents(Prng& prng, ConfigSpec& config);
fb::QueueMode random_mode(Prng& prng);

class Life {
 public:
  // How many different devices connect in a life.
  static constexpr std::uint64_t kDevices = 3;

  explicit Life(std::uint64_t seed) : prng_(seed), world(random_config(prng_)) {
    world.connect("token");
  }

  // Gives one input.
  void step();
  Prng& prng() { return prng_; }

 private:
  std::string words();
  std::string idempotency();
  std::string chat_key();
  MessageSpec channel_message();
  SessionId some_session();
  void end_some_run();
  // Something about devices, pairing, or a session as a client sees it.
  void door_step();
  void change_zone();
  void patch_some_session();
  // Back to some event of the session, or another one that begins with it.
  void cut_some_history();
  void answer_some_request();
  // Something that an agent does, or somebody does about one.
  void agent_step();
  void run_step(RunId run);
  void retry_some_run();
  void approval_step();
  // Something that a channel reports, or somebody wants of a dead letter.
  void channel_step();
  RunId some_running();
  RunId some_waiting();

  Prng prng_;

 public:
  World world;
};

}  // namespace spine::core
