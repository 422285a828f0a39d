// What the core relies on when it reads a body that was verified.
#include <gtest/gtest.h>

#include "schemas/event_verify.h"
#include "tests/unit/core/world.h"

namespace spine::core {
namespace {

TEST(VerifiedBody, HasNoRunsAtOddPlaces) {
  const auto kind = static_cast<std::uint16_t>(fb::EventBody::RunAborted);
  const std::uint64_t runs[] = {1, 0, 0};
  flatbuffers::FlatBufferBuilder builder;
  const auto list = builder.CreateVector(runs, std::size(runs));
  builder.Finish(fb::CreateRunAborted(builder, list));
  Body body((builder.GetSize() + 7) / 8);
  std::memcpy(body.data(), builder.GetBufferPointer(), builder.GetSize());
  const ByteSpan bytes{reinterpret_cast<const std::byte*>(body.data()), builder.GetSize()};
  ASSERT_TRUE(verify_event_body(kind, bytes));
  // Moves the vector by four bytes: its length is then the lower half of the first run, 1.
  auto* table = flatbuffers::GetMutableRoot<flatbuffers::Table>(body.data());
  std::uint8_t* offset = table->GetAddressOf(fb::RunAborted::VT_RUNS);
  flatbuffers::WriteScalar(offset, flatbuffers::ReadScalar<flatbuffers::uoffset_t>(offset) + 4);
  EXPECT_FALSE(verify_event_body(kind, bytes));
}

}  // namespace
}  // namespace spine::core
