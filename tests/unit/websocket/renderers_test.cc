// Renderers: whatever kind of event is told, there is something that clients are told of it.
#include <gtest/gtest.h>

#include "adapters/websocket/pushes/events.h"
#include "engine/core/model/kinds.h"
#include "schemas/fields.h"

#include "event_generated.h"

namespace spine::net {
namespace {

TEST(Renderers, ThereIsOneForEveryKindThatIsTold) {
  for (const core::Kind& kind : core::kinds()) {
    EXPECT_EQ(Events::renders(kind_number(kind.kind)), kind.told != core::Told::nobody)
        << fb::EnumNameEventBody(kind.kind);
  }
}

}  // namespace
}  // namespace spine::net
