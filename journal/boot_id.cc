// Reading the id of this boot.
#include "journal/boot_id.h"

#include <charconv>
#include <fstream>
#include <string>
#include <system_error>

namespace spine::journal {

Bits128 boot_id() {
  std::ifstream file("/proc/sys/kernel/random/boot_id");
  std::string digits;
  file >> digits;
  std::erase(digits, '-');
  Bits128 id{};
  const char* text = digits.data();
  const bool read = digits.size() == 32 &&
                    std::from_chars(text, text + 16, id.hi, 16).ptr == text + 16 &&
                    std::from_chars(text + 16, text + 32, id.lo, 16).ptr == text + 32;
  return read ? id : Bits128{};
}

}  // namespace spine::journal
