// Two trees walked side by side.
#include "engine/config/put_back.h"

#include <fmt/format.h>

#include "engine/config/members.h"

namespace spine::config {
namespace {

struct Replaced {
  std::uint32_t begin{};
  std::uint32_t end{};
  std::string json{};
};

bool has_mark(std::string_view text) {
  return text.find(kRedacted) != std::string_view::npos;
}

// Depth is bounded by the parser, so recursion is.
class PutBackWalk {
 public:
  PutBackWalk(const Document& now, const Document& old) : now_(now), old_(old) {}

  // `was` is what stood at the same path, or 0.
  Status walk(NodeId id, NodeId was) {
    switch (now_.kind(id)) {
      case Kind::string:
        return has_mark(now_.text(id)) ? put_back(id, was) : ok();
      case Kind::object:
        return members(id, was);
      case Kind::array:
        return elements(id, was);
      default:
        return ok();
    }
  }

  const std::vector<Replaced>& replaced() const { return replaced_; }

 private:
  Error refuse(std::string_view why) const {
    return {Errc::invalid_argument, fmt::format("{}: {}", show_path(path_), why)};
  }

  Status put_back(NodeId id, NodeId was) {
    const Kind kind = was == 0 ? Kind::null : old_.kind(was);
    const bool scalar = kind == Kind::string || kind == Kind::number || kind == Kind::boolean;
    const bool whole = now_.text(id) == kRedacted;
    const bool same_url =
        kind == Kind::string && without_url_secrets(old_.text(was)) == now_.text(id);
    if (!scalar || (!whole && !same_url)) {
      return refuse(
          fmt::format("{} stands for a value that the file does not have here; write the "
                      "value itself, or take the setting out.",
                      kRedacted));
    }
    if (kind == Kind::string && has_mark(old_.text(was))) {
      return refuse(fmt::format("the file itself has {} here; write the value.", kRedacted));
    }
    replaced_.push_back({now_[id].source_begin, now_[id].source_end, to_json(old_, was)});
    return ok();
  }

  Status members(NodeId id, NodeId was) {
    const Members before(old_, was);
    for (NodeId m = now_.first_child(id); m != 0; m = now_.next(m)) {
      path_.push_back({.key = now_.key(m)});
      if (has_mark(now_.key(m))) {
        return refuse(fmt::format("a key cannot be {}.", kRedacted));
      }
      SPINE_TRY_STATUS(walk(m, before.find(now_.key(m))));
      path_.pop_back();
    }
    return ok();
  }

  Status elements(NodeId id, NodeId was) {
    const bool paired = was != 0 && old_.kind(was) == Kind::array &&
                        old_.children(was).size() == now_.children(id).size();
    NodeId other = paired ? old_.first_child(was) : 0;
    std::uint32_t index = 0;
    for (NodeId e = now_.first_child(id); e != 0; e = now_.next(e)) {
      path_.push_back({.index = index++, .in_list = true});
      const Status walked = walk(e, other);
      if (!walked && !paired && was != 0) {
        return Error{Errc::invalid_argument,
                     walked.error().message +
                         " (The list has another length than the file's, so it is not known which "
                         "element is meant.)"};
      }
      SPINE_TRY_STATUS(walked);
      path_.pop_back();
      if (other != 0) other = old_.next(other);
    }
    return ok();
  }

  const Document& now_;
  const Document& old_;
  std::vector<Step> path_{};
  std::vector<Replaced> replaced_{};  // in the order of the text
};

}  // namespace

Result<std::string> put_secrets_back(std::string_view text, Tree now, Tree old) {
  PutBackWalk walk(now.document, old.document);
  SPINE_TRY_STATUS(walk.walk(now.root, old.root));
  std::string out;
  std::size_t at = 0;
  for (const Replaced& part : walk.replaced()) {
    out += text.substr(at, part.begin - at);
    out += part.json;
    at = part.end;
  }
  out += text.substr(at);
  if (has_mark(out)) {
    return Error{
        Errc::invalid_argument,
        fmt::format("{} stands in a comment; take it out: it is never written to the file.",
                    kRedacted)};
  }
  return out;
}

}  // namespace spine::config
