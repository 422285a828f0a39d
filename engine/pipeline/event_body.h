// event_body: the body of an event as the table of its kind.
#pragma once

#include <flatbuffers/flatbuffers.h>

#include "schemas/vocab/record.h"

namespace spine::pipeline {

// REQUIRES: the event is of that kind, and its body verified. Borrowed from the event.
template <class Body>
const Body& root_of(const EventView& event) {
  return *flatbuffers::GetRoot<Body>(event.body.data());
}

}  // namespace spine::pipeline
