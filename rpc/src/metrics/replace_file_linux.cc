#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

#include "absl/strings/str_cat.h"
#include "src/metrics/replace_file.h"

namespace piperpc::metrics {
namespace {

constexpr mode_t kForAllToRead = 0644;

absl::Status Failed(std::string_view what, const std::string& path, int error) {
  return absl::ErrnoToStatus(error, absl::StrCat(std::string(what), " ", path));
}

// 0, or errno.
int WriteAll(int file, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(file, text.data(), text.size());
    if (written < 0 && errno != EINTR) return errno;
    if (written > 0) text.remove_prefix(static_cast<std::size_t>(written));
  }
  return 0;
}

// 0, or errno. Never into a file that is there, which might be somebody's link.
int WriteNew(const std::string& path, std::string_view text) {
  ::unlink(path.c_str());
  const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, kForAllToRead);
  if (file < 0) return errno;
  int error = WriteAll(file, text);
  if (::close(file) != 0 && error == 0) error = errno;
  return error;
}

}  // namespace

absl::Status ReplaceContent(const std::string& path, std::string_view text) {
  const std::string written = path + ".new";
  absl::Status status;
  if (const int error = WriteNew(written, text); error != 0) {
    status = Failed("cannot write", written, error);
  } else if (std::rename(written.c_str(), path.c_str()) != 0) {
    status = Failed("cannot replace", path, errno);
  }
  if (!status.ok()) ::unlink(written.c_str());
  return status;
}

}  // namespace piperpc::metrics
