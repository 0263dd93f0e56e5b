// Redirects what libraries would write to standard error themselves, between a program's own lines.
#pragma once

#include "piperpc/log.h"

namespace piperpc::tools {

// While it lives, messages of protobuf (for example about a string that is not UTF-8) go to `log`
// as records instead of to standard error. Only one object at a time.
class LibraryLog {
 public:
  explicit LibraryLog(LogHook log);
  ~LibraryLog();
  LibraryLog(const LibraryLog&) = delete;
  LibraryLog& operator=(const LibraryLog&) = delete;
};

}  // namespace piperpc::tools
