// ContentType: what kind of file some bytes are, by themselves and not by a name.
#pragma once

#include <memory>
#include <string>

#include "schemas/vocab/bytes.h"
#include "schemas/vocab/result.h"

struct magic_set;

namespace spine::media {

// Thread: one.
class ContentType {
 public:
  // Errors: not_found when the system's database of types is not there.
  static Result<ContentType> load();

  // The MIME type of what begins with these bytes: "image/png", "application/pdf";
  // "application/octet-stream" when nothing is known of it.
  std::string of(ByteSpan beginning) const;

 private:
  struct Close {
    void operator()(magic_set* set) const;
  };
  explicit ContentType(std::unique_ptr<magic_set, Close> set) : set_(std::move(set)) {}
  std::unique_ptr<magic_set, Close> set_;
};

}  // namespace spine::media
