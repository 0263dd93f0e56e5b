// Logging that never throws.
#pragma once

#include "piperpc/log.h"

namespace services {

// Calls `log`, unless it is empty, with the record that `make_record()` returns. What either of
// them throws is dropped: nobody is left to be told, and the login must end as it would without a
// log.
template <typename MakeRecord>
void LogSafely(const piperpc::LogHook& log, MakeRecord make_record) noexcept {
  if (!log) return;
  try {
    log(make_record());
  } catch (...) {
  }
}

}  // namespace services
