// Logging where nothing may be thrown.
#pragma once

#include <exception>
#include <string>

#include "piperpc/log.h"

namespace services {

// What was thrown, for a record.
inline std::string WhatWasThrown(const std::exception_ptr& thrown) {
  try {
    std::rethrow_exception(thrown);
  } catch (const std::exception& error) {
    return error.what();
  } catch (...) {
    return "not a std::exception";
  }
}

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
