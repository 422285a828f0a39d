// Signals: which thread they go to. Blocked everywhere, they wait for the loop thread's signalfd.
#pragma once

#include <csignal>

namespace spine::loop {

// SIGTERM, SIGINT and SIGHUP: the ones the loop thread reads.
sigset_t handled_signals();

// For the calling thread and the threads it makes from then on. Also ignores SIGPIPE in the whole
// process: writing to a socket or pipe that is closed is an error, not an end.
void block_signals();

// For the calling thread: SIGTERM and SIGINT do what they do by default, which is to end the
// process. SIGHUP waits until it can be served.
// While the main thread recovers nothing is in memory alone, so that is safe.
void allow_signals();

}  // namespace spine::loop
