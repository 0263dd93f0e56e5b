// What the libraries underneath would write to standard error by themselves.
#pragma once

#include "piperpc/log.h"

namespace piperpc::daemon {

// While it lives, lines of protobuf (a string that is not UTF-8, say) go to `log` as records
// instead of to standard error as they are. One at a time.
class LibraryLog {
 public:
  explicit LibraryLog(LogHook log);
  ~LibraryLog();
  LibraryLog(const LibraryLog&) = delete;
  LibraryLog& operator=(const LibraryLog&) = delete;
};

}  // namespace piperpc::daemon
