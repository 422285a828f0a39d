// Missing files: whoever sent a message is told which of its files are not there.
#pragma once

#include "engine/core/deliveries/dispatcher.h"
#include "engine/core/model/drafter.h"
#include "engine/core/model/tables.h"

#include "event_generated.h"

namespace spine::core {

// Asks for one delivery that names the files of the message that could not be fetched, a line each;
// nothing when all are there. `why.cause`: the message, which is accepted. A group is told of files
// of messages that are addressed to the agent alone.
void tell_missing_files(const Tables& tables, const fb::MessageReceived& message,
                        const DeliveryRoute& route, Dispatcher& dispatcher, const Why& why);

}  // namespace spine::core
