// By libmagic, with its system-wide database.
#include "adapters/media/content_type.h"

#include <fmt/format.h>
#include <magic.h>
#include <string_view>
#include <utility>

namespace spine::media {
namespace {

constexpr std::string_view kUnknown = "application/octet-stream";
// Strangers choose these bytes: nothing is unpacked, and no executable is taken apart.
constexpr int kFlags = MAGIC_MIME_TYPE | MAGIC_NO_CHECK_COMPRESS | MAGIC_NO_CHECK_ELF |
                       MAGIC_NO_CHECK_TAR | MAGIC_ERROR;

}  // namespace

void ContentType::Close::operator()(magic_set* set) const {
  ::magic_close(set);
}

Result<ContentType> ContentType::load() {
  std::unique_ptr<magic_set, Close> set{::magic_open(kFlags)};
  if (!set) return Error{Errc::io, "The types of files cannot be told: no memory."};
  if (::magic_load(set.get(), nullptr) == 0) return ContentType(std::move(set));
  const char* why = ::magic_error(set.get());
  return Error{Errc::not_found,
               fmt::format("The types of files cannot be told: {}. Install the package "
                           "libmagic-mgc.",
                           why == nullptr ? "no reason is given" : why)};
}

std::string ContentType::of(ByteSpan beginning) const {
  if (beginning.empty()) return std::string(kUnknown);
  const char* type = ::magic_buffer(set_.get(), beginning.data(), beginning.size());
  const std::string_view found = type == nullptr ? std::string_view{} : std::string_view{type};
  return std::string(found.find('/') == std::string_view::npos ? kUnknown : found);
}

}  // namespace spine::media
