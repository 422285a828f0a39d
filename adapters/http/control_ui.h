// ControlUi: the files of an installed openclaw package's web page, served at a base path.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "adapters/http/routes.h"

namespace spine::http {

// dist/control-ui of the openclaw package whose program is found on `path` (the value of PATH; may
// be null). Empty when there is none. Reads the file system.
std::filesystem::path find_control_ui(const char* path);

// "/base" or "": one leading slash, no trailing one. "" for a text with characters that a URL would
// have to escape.
std::string normal_base_path(std::string_view text);

// What the page is told about this gateway.
struct ControlUiFacts {
  std::string_view assistant_name{};
  std::string_view assistant_avatar{};  // an emoji; may be empty
  std::string_view assistant_agent{};
  std::string_view version{};
};

// Thread: one.
class ControlUi {
 public:
  // `root` need not exist: without index.html nothing is served from files. Files outside it,
  // reached by symbolic links or by names, count as missing.
  ControlUi(std::string_view base_path, const std::filesystem::path& root);

  const std::string& base_path() const { return base_; }
  // Whether there are files to serve.
  bool available() const { return !root_.empty(); }

  // Whether the path asks for <base>/control-ui-config.json.
  bool config_path(std::string_view path) const;
  // Its body, JSON.
  std::string config_body(const ControlUiFacts& facts) const;

  // The answer when the path lies below the base path: a file, index.html for a path of the page,
  // 404 in plain text. None for paths that are not the page's.
  std::optional<Response> serve(const Request& request) const;

 private:
  std::optional<std::string_view> below_base(std::string_view path) const;
  Response index() const;
  Response asset(const Request& request, std::string_view name) const;

  std::string base_;
  std::filesystem::path root_;  // canonical; empty = none
};

// The page's HTML for this base path, and the policy that lets its own scripts run and no others.
std::string stamp_index(std::string_view html, std::string_view base_path);
std::string content_policy(std::string_view html);

// By the end of the name, without .gz and .br.
std::string_view content_type_of(std::string_view name);

}  // namespace spine::http
