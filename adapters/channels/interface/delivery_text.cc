// Text with a line for each file.
#include "adapters/channels/interface/delivery_text.h"

#include "engine/core/messages/media_lines.h"

namespace spine::channels {

std::string text_naming_files(const pipeline::DeliverItem& delivery) {
  std::string text(delivery.text);
  for (const pipeline::PromptFile& file : delivery.files)
    core::add_file_line(text, file.name, file.bytes);
  return text;
}

}  // namespace spine::channels
