// getaddrinfo() in the place of the C library's: libcurl calls this one.
#include "tests/unit/outbound/test_names.h"

#include <cstring>
#include <dlfcn.h>
#include <netdb.h>

namespace spine::test {

TestNames& test_names() {
  static TestNames all;
  return all;
}

}  // namespace spine::test

extern "C" int getaddrinfo(const char* node, const char* service, const addrinfo* hints,
                           addrinfo** out) {
  using Function = int (*)(const char*, const char*, const addrinfo*, addrinfo**);
  static const auto real = reinterpret_cast<Function>(::dlsym(RTLD_NEXT, "getaddrinfo"));
  auto& names = spine::test::test_names();
  std::vector<std::string> addresses;
  {
    std::unique_lock lock(names.mutex);
    const auto found = names.addresses.find(node);
    if (found == names.addresses.end()) return EAI_NONAME;
    addresses = found->second;
    if (addresses.empty()) {
      ++names.asked;
      names.changed.wait(lock, [&] { return names.released; });
      ++names.answered;
      names.changed.notify_all();
      return EAI_NONAME;
    }
  }
  addrinfo** end = out;
  for (const std::string& address : addresses) {
    if (const int code = real(address.c_str(), service, hints, end); code != 0) return code;
    while (*end != nullptr)
      end = &(*end)->ai_next;
  }
  return 0;
}
