// channel.message: a message in the one format, read from JSON and handed in.
#pragma once

#include <cstdint>
#include <flatbuffers/flatbuffers.h>
#include <simdjson.h>
#include <string_view>

#include "adapters/channels/interface/message.h"
#include "adapters/websocket/protocol/params.h"
#include "adapters/websocket/protocol/request.h"
#include "schemas/vocab/bytes.h"
#include "schemas/vocab/ids.h"

#include "event_generated.h"

namespace spine::net {

class Responder;

// {channel, account?, sender:{id,name?}, conversation:{kind,id}, thread?, externalId,
// content:{text, attachments?}, replyTo?, timestamp, queueMode?, untrusted?, mentioned?}. Borrowed
// from the parser.
using ChannelMessage = channels::Message;

// What is to happen to a message that comes while its session is busy: "followup", "collect",
// "steer", "interrupt", and the older names of these. False when it is none.
bool parse_queue_mode(std::string_view name, fb::QueueMode& mode);
bool is_queue_mode(std::string_view name);
// The default one for an empty name.
fb::QueueMode queue_mode_of(std::string_view name);
constexpr Param kQueueMode{.name = "queueMode",
                           .max = limits::kNameBytesMax,
                           .fits = is_queue_mode,
                           .or_else = "must be followup, collect, steer or interrupt"};

// Reads a whole frame that is a channel.message in the usual form in one pass, without building a
// document. Thread: net.
class ChannelMessageReader {
 public:
  // False: something is unusual or wrong; read the frame the general way, which also words the
  // error. True: everything was checked. `id` and `message` are borrowed until the next call.
  bool read(const PaddedText& frame, std::string_view& id, ChannelMessage& message);

 private:
  bool read_frame(simdjson::ondemand::object object, std::string_view& id, ChannelMessage& message);
  simdjson::ondemand::parser parser_{};
};

// The general way: complaints go to the Params' problem.
void read_channel_message(Params& params, ChannelMessage& message);

// Hands the message in for the client. REQUIRES: it was checked, and the connection has the write
// scope. Steady state allocates nothing.
void accept_channel_message(const Responder& from, const ChannelMessage& message);

}  // namespace spine::net
