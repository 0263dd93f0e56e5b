// Standard output, shared by the threads of a session.
#pragma once

#include <cstdio>
#include <string_view>

#include "absl/base/thread_annotations.h"
#include "piperpc/internal/mutex.h"
#include "tools/piperpc/failure.h"

namespace piperpc::cli {

class Output {
 public:
  explicit Output(std::FILE* file) : file_(file) {}
  Output(const Output&) = delete;
  Output& operator=(const Output&) = delete;

  // Writes `text`, made safe for a terminal, and a newline, and flushes; lines of several threads
  // do not mix. After an error every further call fails: with NoReaderError() when the reader has
  // gone, else with an I/O error. Any thread.
  Outcome WriteLine(std::string_view text);

  // The result of the last write. Any thread.
  Outcome status() const;

 private:
  mutable internal::Mutex mutex_;
  std::FILE* const file_;
  Outcome status_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace piperpc::cli
