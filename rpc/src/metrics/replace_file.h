// A file that others read while it is written anew.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace piperpc::metrics {

// (Windows has a macro ReplaceFile.) Writes `text` to a file beside `path`, and puts that in the
// place of `path`. After an error nothing of it is left, and `path` is as before.
absl::Status ReplaceContent(const std::string& path, std::string_view text);

}  // namespace piperpc::metrics
