// Edits of the configuration file: prepared and judged first, written whole or not at all.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "engine/config/config.h"
#include "engine/config/edit/changes.h"
#include "schemas/vocab/ids.h"
#include "schemas/vocab/result.h"

namespace spine::config {

// set and apply: the text becomes the file, byte for byte. patch: it is merged into the file's
// values (RFC 7396: null takes a setting away, lists are replaced whole), which are written as JSON
// with two spaces; comments are lost, and the .bak keeps them.
enum class EditKind : std::uint8_t { set, patch, apply };

struct Edit {
  EditKind kind{};
  std::string_view raw{};        // JSON5, at most kConfigBytesMax
  std::string_view base_hash{};  // of the text it was made from, in hex; empty = not given
  bool local{};   // from the machine's own socket or command line: everything may be changed
  Given given{};  // from the command line of its reader
};

// An edit that write_edit() may write.
struct PreparedEdit {
  bool noop{};         // the file stays as it is
  bool existed{};      // there was a file
  std::string text{};  // what the file will hold
  // What changed, dotted and sorted, at most kConfigPathsMax and one that says how many more.
  std::vector<std::string> paths{};
  // Strict JSON: [{"path","before","after"}], secrets redacted, at most kConfigDiffBytesMax; a last
  // {"more":n} when there was no room for n of them.
  std::string diff{};
  Bits128 before{};  // hash of the file's text; zero = there was none
  Bits128 after{};
  std::string redacted_json{};          // the new configuration as config.get shows it
  std::vector<std::string> warnings{};  // what load() will say about it
};

struct EditRefusal {
  enum class Why : std::uint8_t {
    base_hash_required,  // there is a file, and the edit does not say which text it was made from
    base_hash_stale,     // the file has changed since
    invalid,             // it would not be a configuration; the message lists what is wrong
    not_allowed,         // a remote client's, and security depends on it
    too_large,
    io,
  };
  Why why{};
  std::string message{};  // for the person who edits
};

using EditOutcome = std::variant<PreparedEdit, EditRefusal>;

// Judges the edit against the file at `path` as it is now; writes nothing. kRedacted in the new
// text stands for what the file has at the same path, and is never written. What comes out has
// passed the checks of load(). Thread: any.
EditOutcome prepare_edit(const std::filesystem::path& path, const Edit& edit, GetEnv getenv_fn);

// Puts the text in the file's place, if that still holds what the edit was prepared against: a
// second file of mode 0600, synced, renamed over the first (of a link, what it points at), whose
// text stays in <name>.bak. A missing folder is made, mode 0700. Blocks for the disk. Errors:
// refused when the file changed meanwhile; in_use when another edit takes long; io.
Status write_edit(const std::filesystem::path& path, const PreparedEdit& edit);

// The paths among `changes` that a remote client may not change, in their order; empty when
// it may. It may change settings that their tables call settable remotely, which neither weaken
// security nor name programs, environments, files or URLs; all else is changed on the machine
// itself.
std::vector<std::string> refused_remotely(Tree before, Tree after,
                                          const std::vector<Change>& changes);

// `text`, from which `now` was parsed, with the values of `old` in the places of kRedacted: a value
// at the same path, elements of a list by their place if both lists are of one length, and the user
// and password of a URL that is otherwise the same. Errors, invalid_argument: a kRedacted without
// such a value, and one in a key or a comment.
Result<std::string> put_secrets_back(std::string_view text, Tree now, Tree old);

inline constexpr std::string_view kBaseHashRequired =
    "config base hash required; re-run config.get and retry";
inline constexpr std::string_view kBaseHashStale =
    "config changed since last load; re-run config.get and retry";

}  // namespace spine::config
