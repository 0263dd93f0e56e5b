// The folder of an endpoint, and what to say when it is not as it must be.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace piperpc::transport {

// "No such file or directory".
std::string ErrnoText(int error);

// The folder of an absolute or relative path: "." for a name alone.
std::string FolderOf(std::string_view path);

// Why nothing can be made in `folder`, and what to do. `error`: of the call that has failed.
absl::Status FolderError(const std::string& folder, int error);

// Makes the folder of short names, with mode 0700, and checks that it is ours alone: anyone could
// have made it before us, in a temp folder at least. PERMISSION_DENIED: it is not.
absl::Status MakePrivateFolder(const std::string& folder);

}  // namespace piperpc::transport
