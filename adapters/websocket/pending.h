// Pending: requests the engine has not answered yet, each under the number its input carries.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/config/edit.h"
#include "schemas/vocab/ids.h"

namespace spine::net {

struct Method;

// What a request of several steps carries from one to the next. Only the rare ones have it.
struct PendingMore {
  std::string id{};    // an id too long for the row
  std::string text{};  // session key or run key asked for
  std::string name{};  // a second text
  std::string message{};
  std::string model{};
  std::vector<std::string> list{};
  std::unique_ptr<config::PreparedEdit> edit{};
  std::uint64_t a{};
  std::uint64_t b{};
  Bits128 uuid{};
  bool flag{};
};

class PendingRequest {
 public:
  ConnectionRef connection{};
  const Method* method{};
  std::uint8_t step{};
  std::unique_ptr<PendingMore> more{};

  void set_id(std::string_view id);
  std::string_view id() const {
    if (id_bytes_ == kLong) return more->id;
    return {id_.data(), id_bytes_};
  }
  PendingMore& extra() {
    if (more == nullptr) more = std::make_unique<PendingMore>();
    return *more;
  }

 private:
  static constexpr std::uint8_t kLong = 255;
  std::uint8_t id_bytes_{};
  std::array<char, 46> id_{};  // "<n>:<uuid>" and more
};

// Thread: net. Steady state allocates nothing.
class PendingTable {
 public:
  // Number of the new row: never 0, what InputHeader::request carries.
  std::uint64_t add(ConnectionRef connection, const Method* method, std::string_view id);
  PendingRequest& at(std::uint64_t number);
  void remove(std::uint64_t number);
  std::size_t count() const { return rows_.size() - free_.size(); }

 private:
  std::vector<PendingRequest> rows_{};
  std::vector<std::uint32_t> free_{};
};

}  // namespace spine::net
