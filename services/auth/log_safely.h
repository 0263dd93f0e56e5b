// Logging where nothing may be thrown.
#pragma once

#include "piperpc/log.h"

namespace services {

// Gives `log` the record that `make_record()` returns; nothing when there is no hook. What the hook
// throws is dropped, with what is thrown while the record is made: nobody is left to be told, and
// the login must end as it would without a log.
template <typename MakeRecord>
void LogSafely(const piperpc::LogHook& log, MakeRecord make_record) noexcept {
  if (!log) return;
  try {
    log(make_record());
  } catch (...) {
  }
}

}  // namespace services
