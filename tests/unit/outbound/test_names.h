// TestNames: the name server of tests; the program's getaddrinfo() asks it.
#pragma once

#include <condition_variable>
#include <map>
#include <mutex>
#include <string>
#include <vector>

namespace spine::test {

// A name with no addresses is not answered until it is released.
struct TestNames {
  std::mutex mutex{};
  std::condition_variable changed{};
  std::map<std::string, std::vector<std::string>> addresses{};
  int asked{};     // for names with no addresses
  int answered{};  // of those
  bool released{};
};
// The one that getaddrinfo() asks, instead of the C library's own.
TestNames& test_names();

}  // namespace spine::test
