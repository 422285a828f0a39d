// The lines about files, their names in a workspace, and images as base64.
#include "adapters/agents/prompt_files.h"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <memory>
#include <utility>

#include "adapters/media/stored_file.h"
#include "schemas/vocab/ascii.h"
#include "schemas/vocab/base64.h"
#include "schemas/vocab/show.h"
#include "schemas/vocab/utf8.h"

namespace spine::agents {
namespace {

constexpr std::size_t kNameBytesMax = 96;
constexpr std::size_t kSumDigits = 12;  // of its content, in front of its name
constexpr std::string_view kNotFetched = "not fetched";

std::string_view word_for(fb::AttachmentKind kind) {
  switch (kind) {
    case fb::AttachmentKind::image:
      return "image";
    case fb::AttachmentKind::audio:
      return "audio";
    case fb::AttachmentKind::video:
      return "video";
    case fb::AttachmentKind::document:
      return "document";
    case fb::AttachmentKind::voice:
      return "voice message";
    case fb::AttachmentKind::sticker:
      return "sticker";
    default:
      return "file";
  }
}

std::string_view words_for(fb::AttachmentProblem problem) {
  switch (problem) {
    case fb::AttachmentProblem::too_large:
      return "too large to fetch";
    case fb::AttachmentProblem::unavailable:
      return "could not be fetched";
    case fb::AttachmentProblem::expired:
      return "not there to be fetched any more";
    case fb::AttachmentProblem::no_space:
      return "there is no room to keep it";
    default:
      return kNotFetched;
  }
}

struct Type {
  std::string_view mime_type{};
  std::string_view ending{};
  bool shown{};  // images of that type are taken by models
};
constexpr std::array kTypes{Type{"image/jpeg", ".jpg", true},
                            Type{"image/png", ".png", true},
                            Type{"image/gif", ".gif", true},
                            Type{"image/webp", ".webp", true},
                            Type{"audio/ogg", ".ogg"},
                            Type{"audio/mpeg", ".mp3"},
                            Type{"audio/mp4", ".m4a"},
                            Type{"audio/x-m4a", ".m4a"},
                            Type{"audio/x-wav", ".wav"},
                            Type{"video/mp4", ".mp4"},
                            Type{"video/webm", ".webm"},
                            Type{"video/quicktime", ".mov"},
                            Type{"application/pdf", ".pdf"},
                            Type{"application/zip", ".zip"},
                            Type{"application/json", ".json"},
                            Type{"text/plain", ".txt"},
                            Type{"application/x-tgsticker", ".tgs"}};

const Type* type_of(std::string_view mime_type) {
  const auto found = std::ranges::find(kTypes, mime_type, &Type::mime_type);
  return found == kTypes.end() ? nullptr : &*found;
}

bool is_shown(std::string_view mime_type) {
  const Type* type = type_of(mime_type);
  return type != nullptr && type->shown;
}

// People wrote it: it must not end its line, or the brackets around it.
std::string shown_name(std::string_view name) {
  std::string shown = printable(name);
  std::ranges::replace(shown, '[', '(');
  std::ranges::replace(shown, ']', ')');
  return shown;
}

void add_line(std::string& lines, std::string_view line) {
  if (line.empty()) return;
  if (!lines.empty()) lines += '\n';
  lines += line;
}

}  // namespace

std::string with_lines(std::string_view text, std::string_view lines) {
  std::string whole(text);
  if (!whole.empty() && !lines.empty()) whole += "\n\n";
  whole += lines;
  return whole;
}

std::string safe_file_name(std::string_view name, std::string_view mime_type,
                           fb::AttachmentKind kind) {
  const bool plain = is_utf8(name) && printable(name) == name;
  std::string safe;
  for (const char c : name.substr(name.rfind('/') + 1)) {
    const bool beyond_ascii = static_cast<unsigned char>(c) >= 0x80;
    const bool kept = is_letter_or_digit(c) || c == '.' || c == '-' || c == '_';
    safe += kept || (beyond_ascii && plain) ? c : '_';
  }
  const std::size_t dot = safe.rfind('.');
  std::string ending = dot == std::string::npos || safe.size() - dot > 12 ? "" : safe.substr(dot);
  safe.resize(safe.size() - ending.size());
  safe.erase(0, std::min(safe.find_first_not_of(".-"), safe.size()));
  if (safe.empty()) {
    safe = word_for(kind);
    std::ranges::replace(safe, ' ', '-');
  }
  if (ending.size() < 2) {
    const Type* type = type_of(mime_type);
    ending = type == nullptr ? std::string_view{} : type->ending;
  }
  return std::string(cut_text(safe, kNameBytesMax - ending.size())) + ending;
}

PromptFiles::PromptFiles(const pipeline::PromptItem& prompt) : left_out_(prompt.files_left_out) {
  for (const pipeline::PromptFile& file : prompt.files) {
    rows_.push_back({.name = std::string(file.name),
                     .mime_type = std::string(file.mime_type),
                     .sha256 = std::string(as_text(file.sha256)),
                     .bytes = file.bytes,
                     .kind = file.kind,
                     .problem = file.problem});
  }
}

bool PromptFiles::has_images() const {
  return std::ranges::any_of(
      rows_, [](const Row& row) { return !row.sha256.empty() && is_shown(row.mime_type); });
}

std::size_t PromptFiles::bytes() const {
  std::size_t bytes = 0;
  for (const Row& row : rows_)
    bytes += sizeof row + row.name.size() + row.mime_type.size() + row.sha256.size();
  return bytes;
}

std::string PromptFiles::line(const Row& row, std::string_view what) {
  std::string line = fmt::format("[{}", word_for(row.kind));
  if (!row.name.empty()) line += " " + shown_name(row.name);
  if (row.bytes != 0) line += ", " + show_bytes(row.bytes);
  if (!what.empty()) line.append(": ").append(what);
  return line + "]";
}

std::string PromptFiles::last_line() const {
  if (left_out_ == 0) return {};
  return fmt::format("[{} more files came, too many to be named here]", left_out_);
}

std::string PromptFiles::lines() const {
  std::string lines;
  for (const Row& row : rows_)
    add_line(lines, line(row, row.sha256.empty() ? words_for(row.problem) : std::string_view{}));
  add_line(lines, last_line());
  return lines;
}

// Fetches one file after the other.
class PromptFiles::Fetcher {
 public:
  Fetcher(const FilesPlace& place, FetchedFiles& fetched) : place_(place), fetched_(fetched) {}

  void fetch(const Row& row) {
    if (row.sha256.size() != sizeof(Digest256)) return tell(row, words_for(row.problem));
    Digest256 sha256{};
    std::ranges::copy(as_bytes(row.sha256), sha256.begin());
    const auto stored = media::StoredFile::open(place_.media, sha256);
    if (!stored) return fail(row, stored.error(), "it is not kept any more");
    const std::string name = fmt::format("{}-{}", media::media_name(sha256).substr(0, kSumDigits),
                                         safe_file_name(row.name, row.mime_type, row.kind));
    const auto path = put_into_workspace(place_.workspace, place_.rules, kWorkspaceMediaFolder,
                                         name, stored->fd());
    if (is_shown(row.mime_type)) show(*stored, row.mime_type);
    if (!path) return fail(row, path.error(), "it could not be put into the workspace");
    tell(row, *path);
  }

  std::vector<PromptImage> images{};

 private:
  void tell(const Row& row, std::string_view what) { add_line(fetched_.lines, line(row, what)); }
  void fail(const Row& row, const Error& error, std::string_view what) {
    fetched_.problems.push_back(error.message);
    tell(row, what);
  }

  void show(const media::StoredFile& stored, const std::string& mime_type) {
    const std::uint64_t most =
        std::min<std::uint64_t>(limits::kPromptImageBytesMax, place_.images_bytes_max - shown_);
    if (stored.bytes() > most) return;
    PromptImage image{.mime_type = mime_type};
    image.base64.reserve((stored.bytes() + 2) / 3 * 4);
    static_assert(media::StoredFile::kPieceBytes % 3 == 0, "pieces are encoded one by one");
    const Status read = stored.read([&](ByteSpan piece) { image.base64 += encode_base64(piece); });
    if (!read) return fetched_.problems.push_back(read.error().message);
    shown_ += stored.bytes();
    images.push_back(std::move(image));
  }

  const FilesPlace& place_;
  FetchedFiles& fetched_;
  std::uint64_t shown_{};
};

FetchedFiles PromptFiles::fetch(const FilesPlace& place) const {
  FetchedFiles fetched{};
  Fetcher fetcher(place, fetched);
  for (const Row& row : rows_)
    fetcher.fetch(row);
  add_line(fetched.lines, last_line());
  if (!fetcher.images.empty()) {
    fetched.images = std::make_shared<const std::vector<PromptImage>>(std::move(fetcher.images));
  }
  return fetched;
}

}  // namespace spine::agents
