// no_wake: for outboxes whose consumer is the test itself and never sleeps.
#pragma once

namespace spine::pipeline {

inline void no_wake(void*) {}

}  // namespace spine::pipeline
