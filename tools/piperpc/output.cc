#include "tools/piperpc/output.h"

#include <string>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "piperpc/internal/visible_text.h"
#include "tools/piperpc/failure.h"
#include "tools/shared/standard_streams.h"

namespace piperpc::cli {
namespace {

Outcome WriteError(const std::error_code& error) {
  if (tools::ReaderHasGone()) return NoReaderError();
  return IoError(absl::StrCat("cannot write to standard output: ", error.message()));
}

}  // namespace

Outcome Output::WriteLine(std::string_view text) {
  const std::string line = internal::VisibleLines(text) + "\n";
  const internal::MutexLock lock(mutex_);
  if (!status_.ok()) return status_;
  const std::error_code error = tools::WriteText(file_, line);
  if (error) status_ = WriteError(error);
  return status_;
}

Outcome Output::status() const {
  const internal::MutexLock lock(mutex_);
  return status_;
}

}  // namespace piperpc::cli
