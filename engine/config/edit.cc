// Judging an edit.
#include "engine/config/edit.h"

#include <algorithm>
#include <fmt/format.h>
#include <optional>

#include "engine/config/changes.h"
#include "engine/config/json5.h"
#include "engine/config/merge_patch.h"
#include "engine/config/put_back.h"
#include "engine/config/remote_edits.h"
#include "engine/config/source.h"
#include "schemas/vocab/limits.h"
#include "schemas/vocab/show.h"

namespace spine::config {
namespace {

namespace fs = std::filesystem;
using Why = EditRefusal::Why;

// More of them are only counted.
constexpr std::size_t kRefusedPathsNamed = 10;

EditRefusal refusal(Why why, std::string_view message) {
  return {why, std::string{message}};
}

class Preparation {
 public:
  Preparation(const fs::path& path, const Edit& edit, GetEnv getenv_fn)
      : path_(path), edit_(edit), getenv_(getenv_fn) {}

  EditOutcome run() {
    for (const auto step :
         {&Preparation::read_file, &Preparation::check_base, &Preparation::make_text,
          &Preparation::compare, &Preparation::check_remote, &Preparation::check_result}) {
      if (auto refused = (this->*step)()) return std::move(*refused);
    }
    return std::move(prepared_);
  }

 private:
  using Refused = std::optional<EditRefusal>;

  Refused read_file() {
    Result<std::string> text = read_text_file(path_);
    if (!text && text.error().code != Errc::not_found) {
      return refusal(Why::io, text.error().message);
    }
    if (!text) return std::nullopt;
    prepared_.existed = true;
    prepared_.before = text_hash(*text);
    old_text_ = std::move(*text);
    // A file that is no JSON5 has no values: it can be replaced, not patched.
    const Result<NodeId> root = parse_json5(old_, old_text_, path_.string());
    if (root) old_root_ = *root;
    if (!root && edit_.kind == EditKind::patch) return refusal(Why::invalid, root.error().message);
    return std::nullopt;
  }

  Refused check_base() {
    if (edit_.raw.size() > limits::kConfigBytesMax) return too_large(edit_.raw.size());
    if (prepared_.existed && edit_.base_hash.empty()) {
      return refusal(Why::base_hash_required, kBaseHashRequired);
    }
    const std::string now = prepared_.existed ? show_hex(prepared_.before) : std::string{};
    if (edit_.base_hash != now) return refusal(Why::base_hash_stale, kBaseHashStale);
    return std::nullopt;
  }

  static EditRefusal too_large(std::size_t bytes) {
    return refusal(Why::too_large, fmt::format("the configuration would have {} bytes; it may have "
                                               "{}.",
                                               bytes, limits::kConfigBytesMax));
  }

  Refused make_text() {
    SPINE_CHECK(prepared_.text.empty());
    Result<std::string> wanted = edit_.kind == EditKind::patch
                                     ? patched_text()
                                     : Result<std::string>{std::string{edit_.raw}};
    if (!wanted) return refusal(Why::invalid, wanted.error().message);
    if (wanted->size() > limits::kConfigBytesMax) return too_large(wanted->size());
    Result<std::string> text = with_secrets(*wanted);
    if (!text) return refusal(Why::invalid, text.error().message);
    if (text->size() > limits::kConfigBytesMax) return too_large(text->size());
    prepared_.text = std::move(*text);
    return std::nullopt;
  }

  Result<std::string> patched_text() const {
    Document document;
    NodeId target = 0;
    if (prepared_.existed) {
      SPINE_TRY(target, parse_json5(document, old_text_, path_.string()));
    }
    SPINE_TRY(NodeId patch, parse_json5(document, edit_.raw, "patch"));
    if (document.kind(patch) != Kind::object) {
      return Error{Errc::invalid_argument, "the patch must be an object."};
    }
    return to_pretty_json(document, merge_patch(document, target, patch));
  }

  Result<std::string> with_secrets(const std::string& text) const {
    Document document;
    SPINE_TRY(NodeId root, parse_json5(document, text, path_.string()));
    return put_secrets_back(text, {document, root}, {old_, old_root_});
  }

  Refused compare() {
    const Result<NodeId> root = parse_json5(new_, prepared_.text, path_.string());
    if (!root) return refusal(Why::invalid, root.error().message);
    new_root_ = *root;
    changes_ = find_changes({old_, old_root_}, {new_, new_root_});
    // A patch that changes nothing leaves the text, with its comments, alone.
    if (changes_.empty() && edit_.kind == EditKind::patch && prepared_.existed) {
      prepared_.text = old_text_;
    }
    prepared_.noop = prepared_.existed && prepared_.text == old_text_;
    prepared_.after = text_hash(prepared_.text);
    prepared_.paths = changed_paths(changes_);
    prepared_.diff = show_changes({old_, old_root_}, {new_, new_root_}, changes_);
    return std::nullopt;
  }

  Refused check_remote() {
    if (edit_.local) return std::nullopt;
    const std::vector<std::string> paths =
        refused_remotely({old_, old_root_}, {new_, new_root_}, changes_);
    if (paths.empty()) return std::nullopt;
    std::string names;
    for (std::size_t i = 0; i < std::min(paths.size(), kRefusedPathsNamed); ++i)
      names += (i == 0 ? "" : ", ") + paths[i];
    if (paths.size() > kRefusedPathsNamed) {
      names += fmt::format(" and {} more", paths.size() - kRefusedPathsNamed);
    }
    return refusal(
        Why::not_allowed,
        fmt::format("this cannot be changed from elsewhere: {}. Change it on the machine "
                    "itself: `spine config set <path> <value>`.",
                    names));
  }

  Refused check_result() {
    Result<Config> config = parse(prepared_.text, path_, getenv_, edit_.given);
    if (!config) return refusal(Why::invalid, config.error().message);
    prepared_.redacted_json = std::move(config->redacted_json);
    prepared_.warnings = std::move(config->warnings);
    return std::nullopt;
  }

  const fs::path& path_;
  const Edit& edit_;
  GetEnv getenv_;
  std::string old_text_{};
  Document old_{};
  NodeId old_root_{};
  Document new_{};
  NodeId new_root_{};
  std::vector<Change> changes_{};  // borrows from both documents
  PreparedEdit prepared_{};
};

}  // namespace

EditOutcome prepare_edit(const fs::path& path, const Edit& edit, GetEnv getenv_fn) {
  return Preparation(path, edit, getenv_fn).run();
}

}  // namespace spine::config
