// What events of principals change.
#pragma once

#include "engine/core/model/folding.h"

namespace spine::core {

// One more message counts against the principal's rate.
void charge(const Folding& fold, std::uint32_t principal_row);
Fold fold_principal_added, fold_principal_expired, fold_client_connected;

}  // namespace spine::core
