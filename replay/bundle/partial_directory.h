// PartialDirectory: a directory that is complete under its name, or not there.
#pragma once

#include <filesystem>
#include <utility>

#include "schemas/vocab/result.h"

namespace spine::replay {

// Thread: one.
class PartialDirectory {
 public:
  // Makes an empty one beside `place`, under another name. Errc::in_use when there is something at
  // `place` already, Errc::not_found when its parent is not there.
  static Result<PartialDirectory> create(const std::filesystem::path& place);
  PartialDirectory(PartialDirectory&& other) noexcept
      : place_(std::move(other.place_)), path_(std::exchange(other.path_, {})) {}
  PartialDirectory& operator=(PartialDirectory&&) = delete;
  // Deletes it with what is in it, unless it was put in place.
  ~PartialDirectory();

  const std::filesystem::path& path() const { return path_; }
  // Gives it its name, durably. REQUIRES: the files in it are durable.
  Status put_in_place();

 private:
  PartialDirectory(std::filesystem::path place, std::filesystem::path path)
      : place_(std::move(place)), path_(std::move(path)) {}

  std::filesystem::path place_;
  std::filesystem::path path_;  // empty = it was put in place
};

}  // namespace spine::replay
