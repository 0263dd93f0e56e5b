#include "tools/piperpc/output.h"

#include <cerrno>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "tools/piperpc/failure.h"
#include "tools/shared/standard_streams.h"
#include "tools/shared/visible_text.h"

namespace piperpc::cli {
namespace {

Outcome WriteError(int error) {
  if (tools::ReaderHasGone()) return NoReaderError();
  return IoError(
      absl::StrCat("cannot write to standard output: ", std::generic_category().message(error)));
}

}  // namespace

Outcome Output::WriteLine(std::string_view text) {
  const std::string visible = tools::VisibleLines(text);
  std::lock_guard lock(mutex_);
  if (!status_.ok()) return status_;
  const bool written = std::fwrite(visible.data(), 1, visible.size(), file_) == visible.size() &&
                       std::fputc('\n', file_) != EOF && std::fflush(file_) == 0;
  if (!written) status_ = WriteError(errno);
  return status_;
}

}  // namespace piperpc::cli
