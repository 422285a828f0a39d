// Channel: what every connection to a chat platform fills in: start, deliver, show work, stop.
#pragma once

#include <string>
#include <string_view>

#include "adapters/channels/interface/reports.h"
#include "adapters/channels/interface/webhook.h"
#include "engine/pipeline/items/messages.h"
#include "schemas/vocab/ids.h"
#include "schemas/vocab/result.h"

namespace spine::channels {

// What is sent: with the text as the agent wrote it (Markdown). Borrowed for the call.
using Delivery = pipeline::DeliverItem;
// A run at work whose answer goes to the account, and where to. Borrowed for the call.
using Work = pipeline::WorkItem;

// One account of a channel. It has no policy: the core decides who may write to whom, and what is
// sent, tried again and when. Thread: loop.
class Channel {
 public:
  virtual ~Channel() = default;

  // Connects, now and by itself after every loss. What becomes of it is told to the reports, first
  // of all the state `starting`. Errors: invalid_argument when it is configured so that it can
  // never work: then it is not started again before the configuration changes.
  virtual Status start() = 0;
  // Begins to send. Reported exactly once, confirmed or failed, now or later; failed as not_ready
  // when it cannot even try. Never two of one conversation at a time.
  virtual void deliver(const Delivery& delivery) = 0;
  // What was read up to that position is in the journal, as the reports said it: the platform may
  // forget it. Not told of the position the account was started with.
  virtual void acknowledged(std::string_view identity, std::string_view position) {
    static_cast<void>(identity);
    static_cast<void>(position);
  }
  // A request to its webhook. Told only while it runs; what is not answered is answered with 504
  // after a while. One that has no webhook leaves this as it is.
  virtual void webhook(const Webhook& request, AnswerWebhook answer) {
    static_cast<void>(request);
    answer(404, {});
  }
  // For people who wait; may be ignored, and nothing that comes of it delays or fails a delivery.
  // The run is worked on from now on: told after a start, too, and of each attempt.
  virtual void begin_work(const Work& work) { static_cast<void>(work); }
  // The answer as far as it is written: all of it, up to limits::kPreviewTextBytesMax. `behind`:
  // other deliveries are in line for the conversation, which a new message would overtake.
  virtual void show_text(RunId run, std::string_view text, bool behind) {
    static_cast<void>(run);
    static_cast<void>(text);
    static_cast<void>(behind);
  }
  // The run has ended. Its answer, if it has one, is delivered later.
  virtual void end_work(RunId run) { static_cast<void>(run); }
  // Receives and starts nothing more. Before it returns every delivery under way is reported:
  // not_ready when nothing of it was sent, unknown otherwise.
  virtual void stop() = 0;
  // Whether what stop() began is over: it is not destroyed before, for a few seconds.
  virtual bool ended() const { return true; }
};

}  // namespace spine::channels
