// What the libraries underneath would write to standard error by themselves, where it would break
// the form that a program's own lines have.
#pragma once

#include "piperpc/log.h"

namespace piperpc::tools {

// While it lives, lines of protobuf (a string that is not UTF-8, say) go to `log` as records
// instead of to standard error as they are. One at a time.
class LibraryLog {
 public:
  explicit LibraryLog(LogHook log);
  ~LibraryLog();
  LibraryLog(const LibraryLog&) = delete;
  LibraryLog& operator=(const LibraryLog&) = delete;
};

}  // namespace piperpc::tools
