#include "tools/piperpc/files.h"

#include <cerrno>
#include <fstream>
#include <iterator>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "tools/piperpc/failure.h"

namespace piperpc::cli {

absl::StatusOr<std::string> ReadFile(const std::string& path) {
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  std::string content{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  if (file.is_open() && !file.bad() && errno == 0) return content;
  return IoError(absl::StrCat("cannot read ", path, ": ",
                              errno == 0 ? "input error" : std::generic_category().message(errno)));
}

}  // namespace piperpc::cli
