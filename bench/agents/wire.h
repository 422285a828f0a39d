// What both wires of the bench agent share: lines in, lines out, and answers that are being
// written.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace spine::bench {

// What a prompt asks for: "bench TAG PIECES PER_SECOND", at its end. PER_SECOND 0 = all at once.
struct Order {
  std::string tag{};
  std::uint32_t pieces{1};
  std::uint32_t per_second{};
};

// Of the text of a prompt, as JSON has it. Without an order: one piece, and the tag "none".
Order order_in(std::string_view prompt);

// The value of the first member of that name, a text with its quotes; empty when there is none. For
// lines of the gateway, whose texts here hold no escapes.
std::string_view value_after(std::string_view line, std::string_view name);
// The same without quotes, for texts alone.
std::string_view text_after(std::string_view line, std::string_view name);

// An answer that is being written. Its text begins with the count of the conversation's prompts,
// the tag, the process's mark, and how often the process has switched conversations.
struct Stream {
  std::string id{};  // of the request or the conversation, as the wire needs it
  std::string text{};
  std::string request{};
  std::uint32_t pieces_left{};
  std::int64_t every_ns{};
  std::int64_t due_ns{};
  bool begun{};
};

// Thread: one. Speaks on stdout, in one write per turn.
class Wire {
 public:
  Wire();
  virtual ~Wire() = default;
  Wire(const Wire&) = delete;
  Wire& operator=(const Wire&) = delete;

  // One line of stdin, without its end.
  virtual void take(std::string_view line) = 0;
  // Writes the pieces that are due.
  void proceed(std::int64_t now_ns);
  // When the next piece is due; 0 = nothing is being written.
  std::int64_t next_ns() const;
  // Everything said goes out. False when nobody reads any more.
  bool flush();

 protected:
  virtual void write_piece(Stream& stream, std::string_view piece) = 0;
  virtual void write_end(Stream& stream) = 0;
  // `count`: of the conversation's prompts, this one included.
  void begin(Stream stream, const Order& order, std::uint64_t count);

  std::string out_{};
  std::string mark_{};  // of this process
  std::uint64_t switches_{};

 private:
  std::vector<Stream> streams_{};
};

inline constexpr std::int64_t kSecondNs = 1'000'000'000;
// Of the monotonic clock.
std::int64_t steady_ns();

}  // namespace spine::bench
