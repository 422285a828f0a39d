// ProgramChannel: a channel whose adapter is a program of the owner's, which speaks ProgramLines.
#pragma once

#include <memory>

#include "adapters/agents/process/places.h"
#include "adapters/channels/interface/channel.h"
#include "adapters/channels/interface/setup.h"

namespace spine::channels {

// Runs channels.<name>.command, kept apart from the machine as agents are. A program that ends, or
// writes what is not understood, or does not say what became of a delivery, is given up. `gateway`
// outlives it. REQUIRES: the configuration names a command. Thread: loop.
std::unique_ptr<Channel> make_program_channel(const ChannelSetup& setup,
                                              const agents::GatewayPlaces& gateway);

}  // namespace spine::channels
