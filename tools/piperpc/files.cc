#include "tools/piperpc/files.h"

#include <cerrno>
#include <filesystem>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "tools/shared/input.h"

namespace piperpc::cli {
namespace {

using Result = tools::Input::Result;

Outcome CannotRead(const std::string& path, std::string_view why) {
  return IoError(absl::StrCat("cannot read ", path, ": ", std::string(why)));
}

Outcome CannotRead(const std::string& path, const std::error_code& error) {
  return CannotRead(path, error.message());
}

bool IsFolder(const std::string& path) {
  try {
    return std::filesystem::is_directory(std::u8string(path.begin(), path.end()));
  } catch (const std::exception&) {
    return false;  // Whoever opens it finds out more.
  }
}

OutcomeOr<std::string> ReadAll(int file, const std::string& path, std::size_t most,
                               const CommandDeadline& deadline) {
  tools::Input input(file);
  std::string content;
  Result result = Result::kBytes;
  while (result == Result::kBytes && content.size() <= most) {
    result = input.Read(content, deadline.stop(), deadline.end());
  }
  if (result == Result::kStopped) return InterruptedError();
  if (result == Result::kTimedOut) {
    return TimedOutError(absl::StrCat("reading ", path), deadline.spent());
  }
  if (result == Result::kError) return CannotRead(path, input.error());
  if (content.size() > most) {
    return CannotRead(path, absl::StrCat("it has more than ", most, " bytes, which is the limit"));
  }
  return content;
}

}  // namespace

OutcomeOr<std::string> ReadFile(const std::string& path, std::size_t most,
                                const CommandDeadline& deadline) {
  if (IsFolder(path)) return CannotRead(path, "it is a folder; give a file");
  const int file = OpenForReading(path);
  if (file < 0) return CannotRead(path, std::error_code(errno, std::generic_category()));
  OutcomeOr<std::string> content = ReadAll(file, path, most, deadline);
  CloseFile(file);
  return content;
}

}  // namespace piperpc::cli
