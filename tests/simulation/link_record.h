// What the model knows of a connection, or of an attempt to connect that failed: enough to say
// whether a call may have failed because of it.
#pragma once

#include <cstddef>

#include "absl/status/status.h"
#include "src/base/clock.h"

namespace piperpc::simulation {

struct LinkRecord {
  std::size_t client = 0;
  std::size_t number = 0;

  // What went wrong with it; OK: nothing.
  absl::StatusCode fault = absl::StatusCode::kOk;
  void Hurt(absl::StatusCode by) {
    if (fault == absl::StatusCode::kOk) fault = by;
  }

  // Until the client has let go of it, calls may be given to it that it then fails.
  base::TimePoint client_closed = base::kNever;
};

}  // namespace piperpc::simulation
