// Message: one message of a channel, in the one format that every channel hands in.
#pragma once

#include <cstdint>
#include <flatbuffers/flatbuffers.h>
#include <optional>
#include <string_view>
#include <vector>

#include "schemas/vocab/bytes.h"
#include "schemas/vocab/ids.h"

#include "event_generated.h"

namespace spine::channels {

// A file that came with a message. Borrowed.
struct Attachment {
  std::string_view name{};
  std::string_view mime_type{};       // of the content, where that was kept; else as it is claimed
  std::string_view url{};             // where the platform keeps it
  std::uint64_t bytes{};              // 0 = not known
  std::optional<Digest256> sha256{};  // of the content, durably in the media folder; else:
  fb::AttachmentProblem problem{};    // why it is not there
  fb::AttachmentKind kind{};
  std::uint64_t bytes_max{};  // too_large: as much would have been fetched
};

// Ids are opaque bytes, never folded or trimmed; empty = there is none. Borrowed.
struct Message {
  std::string_view channel{};
  std::string_view account{};  // our account, where a channel has several
  std::string_view sender_id{};
  std::string_view sender_name{};
  fb::ConversationKind conversation{};
  std::string_view conversation_id{};
  std::string_view thread{};
  std::string_view external_id{};  // the platform's message id: duplicates are dropped by it
  std::string_view text{};
  std::string_view reply_to{};  // the external id of another message
  std::int64_t timestamp_ms{};  // the platform's
  std::vector<Attachment> attachments{};
  fb::QueueMode queue_mode{};
  bool untrusted{};                // a webhook, a file or a feed wrote it
  fb::Mention mention{};           // whether it is addressed to the agent, as the channel tells
  std::string_view group{};        // of messages that are sent as one: an album
  std::string_view unsupported{};  // what the platform calls it, where nothing of it can be read
  std::uint64_t too_large{};       // bytes of a text that is left out, because it is too long
};

// Who handed a message in.
struct Bridge {
  PrincipalId principal{};
  bool vouches{};  // may speak for admins of channels
};

// Finishes `builder` (cleared first) with a MessageReceived. Steady state allocates nothing.
// Thread: the builder's.
void build_message(const Message& message, Bits128 entropy, Bridge bridge,
                   flatbuffers::FlatBufferBuilder& builder);

}  // namespace spine::channels
