// What the core relies on when it reads a body that was verified.
#include <gtest/gtest.h>

#include "schemas/event_verify.h"
#include "tests/unit/core/world.h"

namespace spine::core {
namespace {

// The vector of a body stands where its place is told at `field`; moved by four bytes its length is
// the lower half of its first element, 1.
void expect_aligned_only(fb::EventBody kind, flatbuffers::FlatBufferBuilder& builder,
                         flatbuffers::voffset_t field) {
  SCOPED_TRACE(fb::EnumNameEventBody(kind));
  Body body((builder.GetSize() + 7) / 8);
  std::memcpy(body.data(), builder.GetBufferPointer(), builder.GetSize());
  const ByteSpan bytes{reinterpret_cast<const std::byte*>(body.data()), builder.GetSize()};
  ASSERT_TRUE(verify_event_body(static_cast<std::uint16_t>(kind), bytes));
  auto* table = flatbuffers::GetMutableRoot<flatbuffers::Table>(body.data());
  std::uint8_t* offset = table->GetAddressOf(field);
  flatbuffers::WriteScalar(offset, flatbuffers::ReadScalar<flatbuffers::uoffset_t>(offset) + 4);
  EXPECT_FALSE(verify_event_body(static_cast<std::uint16_t>(kind), bytes));
}

TEST(VerifiedBody, HasNoRunsAtOddPlaces) {
  const std::uint64_t runs[] = {1, 0, 0};
  flatbuffers::FlatBufferBuilder aborted;
  const auto list = aborted.CreateVector(runs, std::size(runs));
  aborted.Finish(fb::CreateRunAborted(aborted, list));
  expect_aligned_only(fb::EventBody::RunAborted, aborted, fb::RunAborted::VT_RUNS);
  flatbuffers::FlatBufferBuilder merged;
  const auto ended = merged.CreateVector(runs, std::size(runs));
  merged.Finish(fb::CreateRunsMerged(merged, ended, 7));
  expect_aligned_only(fb::EventBody::RunsMerged, merged, fb::RunsMerged::VT_RUNS);
  flatbuffers::FlatBufferBuilder started;
  const auto collected = started.CreateVector(runs, std::size(runs));
  started.Finish(fb::CreateRunStarted(started, 7, 1, collected));
  expect_aligned_only(fb::EventBody::RunStarted, started, fb::RunStarted::VT_COLLECTED);
}

}  // namespace
}  // namespace spine::core
