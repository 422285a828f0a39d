// The Control UI's files: which there are, how they are named, what is changed in index.html.
#include "adapters/http/control_ui.h"

#include <algorithm>
#include <array>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "schemas/vocab/ascii.h"
#include "schemas/vocab/base64.h"
#include "schemas/vocab/json.h"
#include "schemas/vocab/limits.h"
#include "schemas/vocab/sha256.h"

namespace spine::http {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kConfigName = "/control-ui-config.json";
constexpr std::string_view kScriptPolicy =
    "default-src 'none'; script-src 'self'; connect-src 'self'; frame-ancestors 'none'";
constexpr std::string_view kText = "text/plain; charset=utf-8";

Response no_such_file() {
  Response response{.status = 404, .content_type = kText};
  response.body = "Not Found";
  return response;
}

// Names as the package has them: no dot segments, no control characters, no backslashes.
bool proper_name(std::string_view name) {
  if (name.empty() || name.size() > limits::kNameBytesMax) return false;
  for (const char c : name) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7F || c == '\\') return false;
  }
  return !any_part(name, '/',
                   [](std::string_view part) { return part.empty() || part.front() == '.'; });
}

struct OpenFile {
  UniqueFd descriptor{};
  struct stat info {};
};

// A regular file below root, symbolic links followed; none when they lead out of it.
std::optional<OpenFile> open_below(const fs::path& root, std::string_view name) {
  std::error_code error;
  const fs::path real = fs::canonical(root / name, error);
  if (error) return std::nullopt;
  const auto [in_root, rest] = std::mismatch(root.begin(), root.end(), real.begin(), real.end());
  if (in_root != root.end()) return std::nullopt;
  OpenFile file{.descriptor = UniqueFd{::open(
                    real.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY)}};
  if (!file.descriptor || ::fstat(file.descriptor.get(), &file.info) != 0) return std::nullopt;
  const auto bytes = static_cast<std::uint64_t>(file.info.st_size);
  if (!S_ISREG(file.info.st_mode) || bytes > limits::kUiFileBytesMax) return std::nullopt;
  return file;
}

std::optional<std::string> read_small(const fs::path& root, std::string_view name) {
  auto file = open_below(root, name);
  if (!file || static_cast<std::uint64_t>(file->info.st_size) > limits::kUiIndexBytesMax) {
    return std::nullopt;
  }
  std::string text(static_cast<std::size_t>(file->info.st_size), '\0');
  std::size_t at = 0;
  while (at < text.size()) {
    const ssize_t read = ::read(file->descriptor.get(), text.data() + at, text.size() - at);
    if (read <= 0) return std::nullopt;
    at += static_cast<std::size_t>(read);
  }
  return text;
}

std::string etag_of(const struct stat& info) {
  const auto ns = static_cast<std::uint64_t>(info.st_mtim.tv_sec) * 1'000'000'000U +
                  static_cast<std::uint64_t>(info.st_mtim.tv_nsec);
  return "\"" + std::to_string(ns) + "-" + std::to_string(info.st_size) + "\"";
}

// Whether a coding is offered: "gzip" in "deflate, gzip;q=0.8". One with q=0 is not.
bool accepts(std::string_view header, std::string_view coding) {
  return any_part(header, ',', [coding](std::string_view entry) {
    const std::size_t weight = entry.find("q=");
    return same_but_case(trimmed(entry.substr(0, entry.find(';')), " "), coding) &&
           (weight == std::string_view::npos ||
            entry.substr(weight + 2).find_first_of("123456789") != std::string_view::npos);
  });
}

void append_attribute(std::string& out, std::string_view text) {
  for (const char c : text) {
    const std::string_view escape = c == '&'   ? "&amp;"
                                    : c == '"' ? "&quot;"
                                    : c == '<' ? "&lt;"
                                               : "";
    escape.empty() ? out += c : out += escape;
  }
}

}  // namespace

fs::path find_control_ui(const char* path) {
  fs::path found;
  any_part(path == nullptr ? "" : path, ':', [&found](std::string_view folder) {
    if (!folder.starts_with('/')) return false;
    std::error_code error;
    const fs::path program = fs::canonical(fs::path{folder} / "openclaw", error);
    if (error) return false;
    // The program is in the package's root, or a folder or two below.
    fs::path root = program.parent_path();
    for (int up = 0; up < 3; ++up, root = root.parent_path()) {
      found = root / "dist" / "control-ui";
      if (fs::is_regular_file(found / "index.html", error)) return true;
    }
    found.clear();
    return false;
  });
  return found;
}

std::string normal_base_path(std::string_view text) {
  text = trimmed(text, "/");
  return is_plain(text, "/-_.~") ? "/" + std::string{text} : std::string{};
}

ControlUi::ControlUi(std::string_view base_path, const fs::path& root)
    : base_(normal_base_path(base_path)) {
  std::error_code error;
  if (root.empty()) return;
  const fs::path real = fs::canonical(root, error);
  if (!error && fs::is_regular_file(real / "index.html", error)) root_ = real;
}

bool ControlUi::config_path(std::string_view path) const {
  const auto name = below_base(path);
  return name.has_value() && *name == kConfigName;
}

std::string ControlUi::config_body(const ControlUiFacts& facts) const {
  return json_object([&](JsonWriter& json) {
    json.member("basePath", base_);
    json.member("assistantName", facts.assistant_name);
    json.member("assistantAvatar", facts.assistant_avatar);
    json.member("assistantAgentId", facts.assistant_agent);
    json.member("serverVersion", facts.version);
    // What this gateway does not offer.
    json.member("embedSandbox", "strict");
    for (const std::string_view name : {"allowExternalEmbedUrls", "automaticallyFetchFavicons",
                                        "communityInvite", "terminalEnabled", "cliAgentsEnabled"})
      json.member(name, false);
  });
}

std::optional<std::string_view> ControlUi::below_base(std::string_view path) const {
  if (path.substr(0, base_.size()) != base_) return std::nullopt;
  path.remove_prefix(base_.size());
  if (!path.empty() && path.front() != '/') return std::nullopt;
  return path;
}

std::optional<Response> ControlUi::serve(const Request& request) const {
  if (!available()) return std::nullopt;
  auto name = below_base(request.path);
  if (!name) return std::nullopt;
  if (name->empty()) {
    Response response{.status = 302, .content_type = kText};
    response.location = base_ + "/";
    return response;
  }
  name->remove_prefix(1);
  const std::string_view last = name->substr(name->rfind('/') + 1);
  if (name->empty() || *name == "index.html" || last.find('.') == std::string_view::npos) {
    return index();
  }
  return asset(request, *name);
}

Response ControlUi::index() const {
  const auto html = read_small(root_, "index.html");
  if (!html) return failure(503, "unavailable", "The Control UI's index.html cannot be read.");
  Response response{.content_type = content_type_of("index.html"), .cache_control = "no-cache"};
  response.body = stamp_index(*html, base_);
  response.content_security_policy = content_policy(response.body);
  return response;
}

Response ControlUi::asset(const Request& request, std::string_view name) const {
  if (!proper_name(name)) return no_such_file();
  struct Packed {
    std::string_view coding{};
    std::string_view suffix{};
  };
  constexpr std::array<Packed, 3> kPacked{{{"br", ".br"}, {"gzip", ".gz"}, {"", ""}}};
  std::optional<OpenFile> file;
  Response response{.content_type = content_type_of(name)};
  for (const Packed& packed : kPacked) {
    if (!packed.coding.empty() && !accepts(request.accept_encoding, packed.coding)) continue;
    file = open_below(root_, std::string{name}.append(packed.suffix));
    response.content_encoding = packed.coding;
    if (file) break;
  }
  if (!file) return no_such_file();
  // Names in assets/ change with their content.
  const bool hashed = name.substr(0, 7) == "assets/";
  response.cache_control = hashed ? "public, max-age=31536000, immutable" : "no-cache";
  response.etag = etag_of(file->info);
  // A worker follows the policy of its own file; an SVG opened by itself may run no scripts.
  if (name.ends_with(".js")) response.content_security_policy = kScriptPolicy;
  if (request.if_none_match == response.etag) {
    response.status = 304;
    return response;
  }
  response.file_bytes = static_cast<std::uint64_t>(file->info.st_size);
  response.file = std::move(file->descriptor);
  return response;
}

std::string stamp_index(std::string_view html, std::string_view base_path) {
  constexpr std::string_view kTag = "<html";
  std::string out;
  out.reserve(html.size() + 1024);
  const std::size_t tag = html.find(kTag);
  if (tag != std::string_view::npos) {
    out.append(html.substr(0, tag + kTag.size()));
    out += " data-openclaw-control-ui-base-path=\"";
    append_attribute(out, base_path);
    out += '"';
    html.remove_prefix(tag + kTag.size());
  }
  while (!html.empty()) {
    const std::size_t found = html.find("=\"./");
    if (found == std::string_view::npos) break;
    const std::string_view before = html.substr(0, found);
    const bool link = before.ends_with(" href") || before.ends_with(" src");
    out.append(before).append("=\"");
    if (link) {
      append_attribute(out, base_path);
      out += '/';
    } else {
      out += "./";
    }
    html.remove_prefix(found + 4);
  }
  out.append(html);
  return out;
}

std::string content_policy(std::string_view html) {
  std::string hashes;
  while (true) {
    const std::size_t tag = html.find("<script");
    if (tag == std::string_view::npos) break;
    html.remove_prefix(tag);
    const std::size_t open = html.find('>');
    const std::size_t close = html.find("</script");
    if (open == std::string_view::npos || close == std::string_view::npos || close < open) break;
    const std::string_view head = html.substr(0, open);
    if (head.find(" src=") == std::string_view::npos) {
      hashes +=
          " 'sha256-" + encode_base64(sha256_of(html.substr(open + 1, close - open - 1))) + "'";
    }
    html.remove_prefix(close);
  }
  return "default-src 'none'; base-uri 'none'; object-src 'none'; frame-ancestors 'none'; "
         "form-action 'none'; script-src 'self'" +
         hashes +
         "; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; "
         "media-src 'self' data: blob:; font-src 'self' data:; connect-src 'self' ws: wss: data:; "
         "worker-src 'self' blob:; manifest-src 'self'; frame-src 'self' blob:";
}

std::string_view content_type_of(std::string_view name) {
  struct Type {
    std::string_view end{};
    std::string_view type{};
  };
  constexpr std::array<Type, 19> kTypes{{
      {".html", "text/html; charset=utf-8"},
      {".js", "text/javascript; charset=utf-8"},
      {".mjs", "text/javascript; charset=utf-8"},
      {".css", "text/css; charset=utf-8"},
      {".json", "application/json; charset=utf-8"},
      {".map", "application/json; charset=utf-8"},
      {".webmanifest", "application/manifest+json; charset=utf-8"},
      {".svg", "image/svg+xml"},
      {".png", "image/png"},
      {".jpg", "image/jpeg"},
      {".jpeg", "image/jpeg"},
      {".gif", "image/gif"},
      {".webp", "image/webp"},
      {".ico", "image/x-icon"},
      {".woff2", "font/woff2"},
      {".woff", "font/woff"},
      {".wasm", "application/wasm"},
      {".txt", "text/plain; charset=utf-8"},
      {".md", "text/plain; charset=utf-8"},
  }};
  for (const Type& entry : kTypes) {
    if (name.ends_with(entry.end)) return entry.type;
  }
  return "application/octet-stream";
}

}  // namespace spine::http
