// TelegramUploads: what Telegram shows as what.
#include "adapters/channels/telegram/telegram_uploads.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <fmt/format.h>
#include <system_error>

#include "adapters/media/stored_file.h"
#include "schemas/vocab/bytes.h"
#include "schemas/vocab/show.h"

namespace spine::channels {
namespace {

constexpr std::uint64_t kPhotoBytesMax = 10 * limits::kMiB;

// Files of other types are documents.
struct ShapeRow {
  std::string_view mime_type{};
  TelegramShape shape{};
  std::uint64_t bytes_max{UINT64_MAX};
};
constexpr std::array kShapes{
    ShapeRow{"image/jpeg", {TelegramMethod::send_photo, "photo"}, kPhotoBytesMax},
    ShapeRow{"image/png", {TelegramMethod::send_photo, "photo"}, kPhotoBytesMax},
    ShapeRow{"image/webp", {TelegramMethod::send_photo, "photo"}, kPhotoBytesMax},
    ShapeRow{"video/mp4", {TelegramMethod::send_video, "video"}},
    ShapeRow{"audio/mpeg", {TelegramMethod::send_audio, "audio"}},
    ShapeRow{"audio/mp4", {TelegramMethod::send_audio, "audio"}},
    ShapeRow{"audio/x-m4a", {TelegramMethod::send_audio, "audio"}},
    ShapeRow{"audio/ogg", {TelegramMethod::send_voice, "voice"}},
};

// Why it cannot be sent; empty = it can.
std::string fault_of(const TelegramUpload& file, std::uint64_t bytes_max) {
  const std::string name = printable(file.name);
  if (file.bytes > bytes_max) {
    return fmt::format("The file {} is too large: it has {}, and {} are sent at most.", name,
                       show_bytes(file.bytes), show_bytes(bytes_max));
  }
  std::error_code error;
  const std::uintmax_t bytes = std::filesystem::file_size(file.path, error);
  if (!error && bytes == file.bytes) return {};
  return fmt::format("The file {} is not kept any more: it cannot be sent.", name);
}

}  // namespace

TelegramShape shape_of(const TelegramUpload& file, bool as_document) {
  const auto* row = std::ranges::find(kShapes, file.mime_type, &ShapeRow::mime_type);
  const bool shown = !as_document && row != kShapes.end() && file.bytes <= row->bytes_max;
  return shown ? row->shape : TelegramShape{TelegramMethod::send_document, "document"};
}

std::string TelegramUploads::take(const Delivery& delivery, std::uint32_t first,
                                  std::vector<TelegramUpload>& files) const {
  for (const pipeline::PromptFile& file : delivery.files) {
    Digest256 sha256{};
    if (file.sha256.size() != sha256.size()) continue;
    std::ranges::copy(file.sha256, sha256.begin());
    files.push_back({.path = (std::filesystem::path(folder) / media::media_name(sha256)).string(),
                     .name = printable(file.name),
                     .mime_type = std::string(file.mime_type),
                     .bytes = file.bytes,
                     .kind = file.kind});
    if (files.size() <= first) continue;
    if (std::string fault = fault_of(files.back(), bytes_max); !fault.empty()) return fault;
  }
  return {};
}

}  // namespace spine::channels
