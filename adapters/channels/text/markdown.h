// Markdown as md4c reads it: the callbacks as a class, and parsing that stays linear.
#pragma once

#include <cstddef>
#include <md4c.h>
#include <optional>
#include <string>
#include <string_view>

namespace spine::channels {

// What is told of a document, in its order. Details and texts are borrowed for the call.
class MarkdownReader {
 public:
  virtual ~MarkdownReader() = default;
  virtual void enter_block(MD_BLOCKTYPE type, const void* detail) = 0;
  virtual void leave_block(MD_BLOCKTYPE type) = 0;
  virtual void enter_span(MD_SPANTYPE type, const void* detail) = 0;
  virtual void leave_span(MD_SPANTYPE type) = 0;
  // `at`: its offset in the source; none = it does not stand there (line ends, indentation).
  virtual void text(MD_TEXTTYPE type, std::string_view text, std::optional<std::size_t> at) = 0;
};

// GitHub's Markdown (tables, strikethrough, task lists, URLs) and maths between dollars. HTML and
// definitions of links are text, as is what goes beyond limits.h. Spans nest, and end with their
// block. False = given up: it would say far more than the source is long; what `reader` was told is
// to be thrown away. REQUIRES: UTF-8 without NUL, at most 4 GiB. Thread: any.
bool read_markdown(std::string_view source, MarkdownReader& reader);

// The value of an attribute, its character references resolved.
std::string attribute_text(const MD_ATTRIBUTE& attribute);

// Whether a link may go there: http, https, mailto, tel and tg, and no white space.
bool is_link_target(std::string_view url);

}  // namespace spine::channels
