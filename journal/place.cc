// place: looks an address up among the files mapped into this process.
#include "journal/place.h"

#include <cinttypes>
#include <cstdio>
#include <fstream>
#include <string>

namespace spine::journal {

std::int64_t file_offset(ByteSpan bytes) {
  const auto address = reinterpret_cast<std::uintptr_t>(bytes.data());
  std::ifstream maps("/proc/self/maps");
  std::string line;
  while (std::getline(maps, line)) {
    std::uint64_t from = 0;
    std::uint64_t to = 0;
    std::uint64_t offset = 0;
    const int fields =
        std::sscanf(line.c_str(), "%" SCNx64 "-%" SCNx64 " %*s %" SCNx64, &from, &to, &offset);
    if (fields != 3 || address < from || address >= to) continue;
    if (line.find('/') == std::string::npos) return -1;
    return static_cast<std::int64_t>(address - from + offset);
  }
  return -1;
}

}  // namespace spine::journal
