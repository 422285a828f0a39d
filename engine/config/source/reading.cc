// Access to values, and from values to members.
#include "engine/config/source/reading.h"

#include <algorithm>

#include "engine/config/settings/schema.h"
#include "schemas/vocab/check.h"

namespace spine::config {

NodeId Reading::below(NodeId from, std::string_view path) const {
  NodeId at = from;
  while (at != 0 && !path.empty()) {
    if (document.kind(at) != Kind::object) return 0;
    const std::size_t dot = path.find('.');
    at = document.find(at, path.substr(0, dot));
    path = dot == std::string_view::npos ? std::string_view{} : path.substr(dot + 1);
  }
  return at;
}

std::optional<std::string> Reading::text(NodeId id) const {
  if (id == 0) return std::nullopt;
  return std::string{document.text(id)};
}

std::optional<bool> Reading::flag(NodeId id) const {
  if (id == 0) return std::nullopt;
  return document[id].boolean;
}

std::optional<std::int64_t> Reading::integer(NodeId id) const {
  std::int64_t value{};
  if (id == 0 || !as_integer(document, id, value)) return std::nullopt;
  return value;
}

std::optional<std::string> Reading::id(NodeId node) const {
  if (document.kind(node) == Kind::string) return text(node);
  if (node == 0 || document.kind(node) != Kind::number) return std::nullopt;
  const auto number = integer(node);
  return number ? fmt::format("{}", *number) : std::string{document.text(node)};
}

std::vector<std::string> Reading::texts(NodeId node) const {
  std::vector<std::string> out;
  for (const NodeId element : children(node))
    out.push_back(id(element).value_or(""));
  return out;
}

std::filesystem::path Reading::path(NodeId id) const {
  const std::string name = text(id).value_or("");
  if (name.empty()) return {};
  if (name.starts_with("~/")) return environment.home() / name.substr(2);
  std::error_code code;
  const std::filesystem::path file = std::filesystem::absolute(config.path, code);
  return (code ? config.path : file).parent_path() / name;
}

Value Reading::value(NodeId id, const Accepts& accepts) const {
  switch (accepts.type) {
    case Type::boolean:
      return std::int64_t{document[id].boolean};
    case Type::integer:
      return *integer(id) * accepts.unit;
    case Type::choice: {
      const Choice* choice = accepts.find(document.text(id));
      SPINE_CHECK(choice != nullptr);
      if (choice->value == Choice::kWordItself) return std::string{choice->word};
      return choice->value;
    }
    case Type::text:
    case Type::secret:
      return *text(id);
    case Type::path:
      return path(id).string();
    case Type::text_list:
    case Type::ids:
      return texts(id);
    case Type::path_list: {
      std::vector<std::string> paths;
      for (const NodeId entry : children(id))
        paths.push_back(path(entry).string());
      return paths;
    }
    case Type::days:
      return parse_days(document.text(id))->count;
    case Type::model: {
      const bool plain = document.kind(id) == Kind::string;
      auto primary = plain ? text(id) : text(id, "primary");
      return primary ? Value{std::move(*primary)} : Value{};
    }
    default:
      return {};
  }
}

void Reading::take(std::span<const Setting> rows, NodeId node, void* owner) const {
  for (const Setting& row : rows) {
    const NodeId id = row.member.put == nullptr ? 0 : below(node, row.path);
    if (id == 0) continue;
    const auto spelled = std::ranges::find_if(rows, [&](const Setting& other) {
      return other.member.put == row.member.put && below(node, other.path) != 0;
    });
    Value taken = value(id, row.accepts);
    const NodeId first = below(node, spelled->path);
    if (first != id && value(first, spelled->accepts) != taken) {
      disagree(*this, {id, row.path}, {first, spelled->path});
    } else if (!std::holds_alternative<std::monostate>(taken)) {
      row.member.put(owner, std::move(taken));
    }
  }
}

void disagree(const Reading& reading, Spelling a, Spelling b) {
  reading.error(a.id, "{} is {}, but {} is {} ({}); both mean the same setting: keep one.", a.key,
                describe(reading.document, a.id), b.key, describe(reading.document, b.id),
                reading.where(b.id));
}

void sort_unique(std::vector<std::string>& texts) {
  std::ranges::sort(texts);
  texts.erase(std::unique(texts.begin(), texts.end()), texts.end());
}

}  // namespace spine::config
