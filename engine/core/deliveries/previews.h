// Previews: the runs at work whose text so far their channels show, and in which message.
#pragma once

#include <string>
#include <string_view>

#include "engine/core/model/row_store.h"
#include "engine/core/model/rows.h"
#include "schemas/vocab/ids.h"

namespace spine::core {

using Preview = PreviewRow;

class Previews : public RowVector<Preview, limits::kPreviewsMax> {
 public:
  // One without `previewed` when there is none.
  Preview find(RunId run) const {
    const Row* row = row_of(run);
    return row == nullptr ? Preview{} : *row;
  }
  // Whether set() would keep it.
  bool has_room(RunId run) const { return !full() || row_of(run) != nullptr; }
  // In the place of what is there of the run; does nothing when there is no room. REQUIRES: every
  // `previewed` is smaller.
  void set(RunId run, Seq previewed, std::string_view platform_id) {
    forget(run);
    if (full()) return;
    rows_.push_back({.previewed = previewed, .run = run, .platform_id = std::string(platform_id)});
  }
  void forget(RunId run) {
    if (count() != 0) take_row([&](const Row& row) { return row.run == run; });
  }

 private:
  const Row* row_of(RunId run) const {
    return find_row([&](const Row& row) { return row.run == run; });
  }
};

}  // namespace spine::core
