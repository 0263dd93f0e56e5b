// Files that only their owner may read.
#pragma once

#include <string>

#include "absl/status/status.h"

namespace services {

// Creates the file at `path` (in UTF-8), and its folder, if they do not exist; only their owner may
// use them. An existing file is not changed. Errors name the path.
//   FAILED_PRECONDITION: it exists and is not a regular file; or, on Windows, where new files
//   inherit
//     the access rules of their folder, the folder gives access to others. (A database creates more
//     files next to its own.)
//   Otherwise the system's error.
absl::Status MakePrivateFile(const std::string& path);

// Removes the access of all others to a file, and changes nothing else. Does nothing when there is
// no file. Errors as above.
absl::Status RestrictToOwner(const std::string& path);

}  // namespace services
