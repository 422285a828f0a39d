// Who waits for its request, who is served in which order, who enters, and who makes room.
#include "adapters/websocket/net/waiting_room.h"

#include <algorithm>
#include <gtest/gtest.h>
#include <memory>
#include <string_view>
#include <sys/socket.h>
#include <vector>

#include "schemas/vocab/limits.h"

namespace spine::test {
namespace {

using net::Lane;
using net::Socket;
using net::WaitingRoom;

// A stranger and the end it holds.
struct Visitor {
  Socket socket{};
  UniqueFd far{};

  void says(std::string_view text) const {
    ASSERT_EQ(::send(far.get(), text.data(), text.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(text.size()));
  }
};

class WaitingRoomTest : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(room_.open()); }

  Visitor& arrives(std::string_view text, bool tls = false, bool control = false) {
    visitors_.push_back(std::make_unique<Visitor>());
    Visitor& visitor = *visitors_.back();
    visitor.socket.tls = tls;
    visitor.socket.control = control;
    int ends[2] = {-1, -1};
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends), 0);
    visitor.far = UniqueFd{ends[1]};
    if (!text.empty()) visitor.says(text);
    EXPECT_TRUE(room_.add(visitor.socket, ends[0]));
    return visitor;
  }

  std::vector<Socket*> look() {
    std::vector<Socket*> gone;
    room_.look(gone);
    return gone;
  }

  // Lets the next one in; null when nobody may.
  Socket* enters(std::uint64_t now_ms) {
    Socket* socket = room_.next(Lane::door);
    if (socket != nullptr) entered_.emplace_back(room_.enter(*socket, now_ms));
    return socket;
  }

  std::vector<std::unique_ptr<Visitor>> visitors_{};
  std::vector<UniqueFd> entered_{};
  WaitingRoom room_{};
};

constexpr std::string_view kPage = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";
constexpr std::string_view kWhole =
    "GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

TEST_F(WaitingRoomTest, AWholeHandshakeEntersAtOnceAndIsStillThere) {
  Visitor& visitor = arrives(kWhole);
  EXPECT_EQ(room_.next_check_ms(7), 7U);
  EXPECT_EQ(room_.next(Lane::first), nullptr);
  EXPECT_EQ(enters(7), &visitor.socket);
  EXPECT_EQ(room_.inside(), 1U);
  char text[256] = {};
  EXPECT_EQ(::recv(entered_.front().get(), text, sizeof text, 0),
            static_cast<ssize_t>(kWhole.size()));
  EXPECT_EQ(enters(8), nullptr);
  EXPECT_EQ(room_.next_check_ms(8), 0U);
}

TEST_F(WaitingRoomTest, AHeadInPiecesWaitsForItsLastByte) {
  Visitor& visitor = arrives("");
  for (const char c : kPage) {
    EXPECT_EQ(room_.next(Lane::first), nullptr);
    visitor.says({&c, 1});
    EXPECT_TRUE(look().empty());
  }
  EXPECT_EQ(room_.next(Lane::first), &visitor.socket);
}

TEST_F(WaitingRoomTest, EachWaitsInItsLane) {
  EXPECT_EQ(arrives("\x16\x03\x01").socket.lane, Lane::first) << "is told what is wrong";
  EXPECT_EQ(arrives("G", true).socket.lane, Lane::door) << "TLS has no head to see";
  EXPECT_EQ(arrives(std::string(limits::kHttpHeadBytesMax, 'A')).socket.place,
            Socket::Place::ready);
  EXPECT_EQ(arrives("GET / HTTP/1.1\r\n").socket.place, Socket::Place::outside);
  EXPECT_EQ(arrives(kWhole, false, true).socket.lane, Lane::local);
  EXPECT_EQ(arrives(kPage, false, true).socket.lane, Lane::local);
}

TEST_F(WaitingRoomTest, WhoIsAnsweredWaitsBehindTheOthersOrLeaves) {
  Visitor& visitor = arrives(std::string{kPage} + std::string{kPage});
  ASSERT_EQ(room_.next(Lane::first), &visitor.socket);
  EXPECT_EQ(room_.peek(visitor.socket).size(), 2 * kPage.size());
  room_.take(visitor.socket, kPage.size());
  EXPECT_TRUE(room_.again(visitor.socket));
  EXPECT_EQ(room_.next(Lane::first), nullptr);
  ASSERT_EQ(room_.next(Lane::again), &visitor.socket);
  room_.take(visitor.socket, kPage.size());
  visitor.says("a body that nobody reads");
  EXPECT_TRUE(room_.leave(visitor.socket));
  visitor.says(kPage);
  EXPECT_TRUE(look().empty());
  EXPECT_EQ(room_.next(Lane::again), nullptr) << "what follows the last answer is no request";
  char byte = 0;
  EXPECT_EQ(::recv(visitor.far.get(), &byte, 1, 0), 0) << "it is told that nothing more comes";
  visitor.far = UniqueFd{};
  EXPECT_EQ(look(), std::vector<Socket*>{&visitor.socket});
}

TEST_F(WaitingRoomTest, WhoEndsIsGoneButAWholeRequestBeforeTheEndIsServed) {
  Visitor& silent = arrives("");
  Visitor& partial = arrives("GET / HT");
  Visitor& last = arrives("");
  silent.far = UniqueFd{};
  partial.far = UniqueFd{};
  last.says(kPage);
  ASSERT_EQ(::shutdown(last.far.get(), SHUT_WR), 0);
  const std::vector<Socket*> gone = look();
  EXPECT_EQ(gone.size(), 2U);
  EXPECT_NE(std::ranges::find(gone, &silent.socket), gone.end());
  EXPECT_NE(std::ranges::find(gone, &partial.socket), gone.end());
  for (Socket* socket : gone) {
    room_.forget(*socket);
    EXPECT_FALSE(socket->outside);
  }
  ASSERT_EQ(room_.next(Lane::first), &last.socket);
  room_.take(last.socket, kPage.size());
  EXPECT_FALSE(room_.again(last.socket)) << "nothing more can come";
}

TEST_F(WaitingRoomTest, FirstComeFirstServedUntilAllPlacesAreTaken) {
  for (std::uint32_t i = 0; i < limits::kHandshakesInLibraryMax + 2; ++i)
    arrives(kWhole);
  for (std::uint32_t i = 0; i < limits::kHandshakesInLibraryMax; ++i)
    EXPECT_EQ(enters(1'000 + i), &visitors_[i]->socket);
  EXPECT_TRUE(room_.crowded());
  EXPECT_EQ(enters(1'200), nullptr);
  Visitor& page = arrives(kPage);
  EXPECT_EQ(room_.next_check_ms(1'200), 1'200U) << "a page needs no place";
  EXPECT_EQ(room_.next(Lane::first), &page.socket);
  EXPECT_EQ(room_.overdue(1'249), nullptr);
  EXPECT_EQ(room_.next_check_ms(1'200), 1'250U);
  EXPECT_EQ(room_.overdue(1'250), &visitors_[0]->socket);
  room_.forget(visitors_[0]->socket);
  EXPECT_EQ(enters(1'250), &visitors_[limits::kHandshakesInLibraryMax]->socket);
  // One that said hello makes room as well, and one that waits may give up.
  room_.forget(visitors_[1]->socket);
  room_.forget(visitors_[limits::kHandshakesInLibraryMax + 1]->socket);
  EXPECT_EQ(enters(1'251), nullptr);
  EXPECT_FALSE(room_.crowded());
  EXPECT_EQ(room_.overdue(9'999), nullptr) << "nobody waits for the place";
}

}  // namespace
}  // namespace spine::test
