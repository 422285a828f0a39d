// Who waits for its request, who enters, and who makes room.
#include "adapters/websocket/waiting_room.h"

#include <algorithm>
#include <gtest/gtest.h>
#include <memory>
#include <string_view>
#include <sys/socket.h>
#include <vector>

#include "schemas/vocab/limits.h"

namespace spine::test {
namespace {

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

  Visitor& arrives(std::string_view text, bool tls = false) {
    visitors_.push_back(std::make_unique<Visitor>());
    Visitor& visitor = *visitors_.back();
    visitor.socket.tls = tls;
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
    Socket* socket = room_.next();
    if (socket != nullptr) entered_.emplace_back(room_.enter(*socket, now_ms));
    return socket;
  }

  std::vector<std::unique_ptr<Visitor>> visitors_{};
  std::vector<UniqueFd> entered_{};
  WaitingRoom room_{};
};

constexpr std::string_view kWhole = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";

TEST_F(WaitingRoomTest, AWholeHeadEntersAtOnceAndIsStillThere) {
  Visitor& visitor = arrives(kWhole);
  EXPECT_EQ(room_.next_check_ms(7), 7U);
  EXPECT_EQ(enters(7), &visitor.socket);
  EXPECT_EQ(room_.inside(), 1U);
  char text[64] = {};
  EXPECT_EQ(::recv(entered_.front().get(), text, sizeof text, 0),
            static_cast<ssize_t>(kWhole.size()));
  EXPECT_EQ(enters(8), nullptr);
  EXPECT_EQ(room_.next_check_ms(8), 0U);
}

TEST_F(WaitingRoomTest, AHeadInPiecesWaitsForItsLastByte) {
  Visitor& visitor = arrives("");
  for (const char c : kWhole) {
    EXPECT_EQ(room_.next(), nullptr);
    visitor.says({&c, 1});
    EXPECT_TRUE(look().empty());
  }
  EXPECT_EQ(enters(1), &visitor.socket);
}

TEST_F(WaitingRoomTest, WhatCannotBecomeARequestIsLeftToTheLibrary) {
  EXPECT_EQ(arrives("\x16\x03\x01").socket.place, Socket::Place::ready);
  EXPECT_EQ(arrives("G", true).socket.place, Socket::Place::ready) << "TLS has no head to see";
  EXPECT_EQ(arrives("GET / HTTP/1.0\n\n").socket.place, Socket::Place::ready);
  EXPECT_EQ(arrives(std::string(limits::kHttpHeaderBytes, 'A')).socket.place, Socket::Place::ready);
  EXPECT_EQ(arrives("GET / HTTP/1.1\r\n").socket.place, Socket::Place::outside);
}

TEST_F(WaitingRoomTest, WhoEndsIsGoneButAWholeRequestBeforeTheEndEnters) {
  Visitor& silent = arrives("");
  Visitor& partial = arrives("GET / HT");
  Visitor& last = arrives("");
  silent.far = UniqueFd{};
  partial.far = UniqueFd{};
  last.says(kWhole);
  ASSERT_EQ(::shutdown(last.far.get(), SHUT_WR), 0);
  const std::vector<Socket*> gone = look();
  EXPECT_EQ(gone.size(), 2U);
  EXPECT_NE(std::ranges::find(gone, &silent.socket), gone.end());
  EXPECT_NE(std::ranges::find(gone, &partial.socket), gone.end());
  for (Socket* socket : gone) {
    room_.forget(*socket);
    EXPECT_FALSE(socket->outside);
  }
  EXPECT_EQ(enters(1), &last.socket);
}

TEST_F(WaitingRoomTest, FirstComeFirstServedUntilAllPlacesAreTaken) {
  for (std::uint32_t i = 0; i < limits::kStrangersInsideMax + 2; ++i)
    arrives(kWhole);
  for (std::uint32_t i = 0; i < limits::kStrangersInsideMax; ++i)
    EXPECT_EQ(enters(1'000 + i), &visitors_[i]->socket);
  EXPECT_TRUE(room_.crowded());
  EXPECT_EQ(enters(1'200), nullptr);
  EXPECT_EQ(room_.overdue(1'249), nullptr);
  EXPECT_EQ(room_.next_check_ms(1'200), 1'250U);
  EXPECT_EQ(room_.overdue(1'250), &visitors_[0]->socket);
  room_.forget(visitors_[0]->socket);
  EXPECT_EQ(enters(1'250), &visitors_[limits::kStrangersInsideMax]->socket);
  // One that said hello makes room as well, and one that waits may give up.
  room_.forget(visitors_[1]->socket);
  room_.forget(visitors_.back()->socket);
  EXPECT_EQ(enters(1'251), nullptr);
  EXPECT_FALSE(room_.crowded());
  EXPECT_EQ(room_.overdue(9'999), nullptr) << "nobody waits for the place";
}

}  // namespace
}  // namespace spine::test
