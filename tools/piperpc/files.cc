#include "tools/piperpc/files.h"

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "tools/piperpc/failure.h"

namespace piperpc::cli {

namespace {

std::ifstream Open(const std::string& path) {
  try {
    return std::ifstream(std::filesystem::path(std::u8string(path.begin(), path.end())),
                         std::ios::binary);
  } catch (const std::filesystem::filesystem_error&) {
    errno = EILSEQ;  // Not UTF-8, on a system whose names are UTF-16.
    return {};
  }
}

}  // namespace

OutcomeOr<std::string> ReadFile(const std::string& path) {
  errno = 0;
  std::ifstream file = Open(path);
  std::string content{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  if (file.is_open() && !file.bad() && errno == 0) return content;
  return IoError(absl::StrCat("cannot read ", path, ": ",
                              errno == 0 ? "input error" : std::generic_category().message(errno)));
}

}  // namespace piperpc::cli
