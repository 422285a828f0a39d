// TelegramUploads: the files of deliveries, and as what they are shown.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/channels/interface/channel.h"
#include "adapters/channels/telegram/telegram_api.h"
#include "schemas/vocab/limits.h"

#include "event_generated.h"

namespace spine::channels {

// Of a file that Telegram's servers take.
inline constexpr std::uint64_t kTelegramUploadBytesMax = 50 * limits::kMiB;

// One file that is sent.
struct TelegramUpload {
  std::string path{};
  std::string name{};  // as people see it
  std::string mime_type{};
  std::uint64_t bytes{};
  fb::AttachmentKind kind{};
};

// The method that sends it, and the argument that it is.
struct TelegramShape {
  TelegramMethod method{};
  std::string_view field{};
};
// As a picture, a sound or a film where Telegram shows it as one; else as a document.
TelegramShape shape_of(const TelegramUpload& file, bool as_document);

struct TelegramUploads {
  std::string folder{};  // of the media; empty = there are none
  std::uint64_t bytes_max{};

  // The files of the delivery. What is wrong with one of them from `first` on, for people; empty =
  // nothing. Thread: any.
  std::string take(const Delivery& delivery, std::uint32_t first,
                   std::vector<TelegramUpload>& files) const;
};

}  // namespace spine::channels
