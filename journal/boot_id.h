// The id of this boot of the machine: files that were not synced are whole only under the same one.
#pragma once

#include "schemas/vocab/ids.h"

namespace spine::journal {

// From /proc/sys/kernel/random/boot_id; zero when unreadable. Thread: any.
Bits128 boot_id();

}  // namespace spine::journal
