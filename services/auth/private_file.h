// Files that nobody else may read.
#pragma once

#include <string>

#include "absl/status/status.h"

namespace services {

// Makes the file at `path`, and the folder that it is in, when they are not there: for their owner
// only. A file that is there is left as it is. FAILED_PRECONDITION: what is there is not a regular
// file; or, where new files inherit the access of their folder (Windows), the folder lets others
// in, for a database makes more files beside its own. Other errors are the system's; all of them
// name the path, which is UTF-8.
absl::Status MakePrivateFile(const std::string& path);

// Takes from a file the access that others have to it, and changes nothing else; does nothing when
// there is no file. Errors as above.
absl::Status RestrictToOwner(const std::string& path);

}  // namespace services
