// Metrics: the body of /metrics.
#pragma once

#include <string>

#include "adapters/http/facts.h"

namespace spine::http {

// Prometheus text exposition format 0.0.4.
std::string metrics_body(const Facts& facts);

}  // namespace spine::http
