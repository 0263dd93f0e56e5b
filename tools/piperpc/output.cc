#include "tools/piperpc/output.h"

#include <cerrno>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "tools/piperpc/failure.h"
#include "tools/shared/standard_streams.h"

namespace piperpc::cli {
namespace {

absl::Status WriteError(int error) {
  if (tools::ReaderHasGone()) return NoReaderError();
  return IoError(
      absl::StrCat("cannot write to standard output: ", std::generic_category().message(error)));
}

}  // namespace

absl::Status Output::WriteLine(std::string_view text) {
  std::lock_guard lock(mutex_);
  if (!status_.ok()) return status_;
  const bool written = std::fwrite(text.data(), 1, text.size(), file_) == text.size() &&
                       std::fputc('\n', file_) != EOF && std::fflush(file_) == 0;
  if (!written) status_ = WriteError(errno);
  return status_;
}

}  // namespace piperpc::cli
