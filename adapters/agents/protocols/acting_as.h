// ActingAs: for its lifetime this thread opens files with another user's rights.
#pragma once

#include <sys/types.h>
#include <vector>

namespace spine::agents {

// For root alone; for others it changes nothing. Only the calling thread's rights on files change
// (fsuid, fsgid, supplementary groups); it must end on that thread. Does not nest.
class ActingAs {
 public:
  ActingAs(uid_t uid, gid_t gid);
  ActingAs(const ActingAs&) = delete;
  ActingAs& operator=(const ActingAs&) = delete;
  ~ActingAs();
  // False: the rights are still root's, so nothing may be opened.
  bool done() const { return done_; }

 private:
  bool changed_{};
  bool done_{};
  std::vector<gid_t> groups_{};
};

}  // namespace spine::agents
