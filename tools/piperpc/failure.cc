#include "tools/piperpc/failure.h"

#include <optional>

#include "absl/strings/cord.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

namespace piperpc::cli {
namespace {

// Marks the errors that are the program's own: an exit code, as text.
constexpr char kExitCodePayload[] = "piperpc.local/exit_code";

absl::Status WithExitCode(absl::Status status, ExitCode code) {
  status.SetPayload(kExitCodePayload, absl::Cord(absl::StrCat(static_cast<int>(code))));
  return status;
}

absl::Status Make(absl::StatusCode code, std::string_view message, ExitCode exit_code) {
  return WithExitCode(absl::Status(code, {message.data(), message.size()}), exit_code);
}

// A detail of the type that people know how to read; others stay bytes.
std::string DescribeDetail(absl::string_view type_url, const absl::Cord& value) {
  const absl::string_view type = absl::StripPrefix(type_url, "type.googleapis.com/");
  return absl::StrCat("  detail ", type, ": ", absl::CHexEscape(std::string(value)));
}

}  // namespace

absl::Status UsageError(std::string_view message) {
  return Make(absl::StatusCode::kInvalidArgument, message, kExitUsage);
}

absl::Status AsUsageError(const absl::Status& status) {
  return status.ok() ? status : WithExitCode(status, kExitUsage);
}

absl::Status IoError(std::string_view message) {
  return Make(absl::StatusCode::kUnavailable, message, kExitIo);
}

absl::Status NoReaderError() {
  return Make(absl::StatusCode::kAborted, "nobody reads the output", kExitNoReader);
}

int ExitCodeOf(const absl::Status& status) {
  const auto own = status.GetPayload(kExitCodePayload);
  if (own.has_value()) return std::stoi(std::string(*own));
  return static_cast<int>(status.code());
}

std::string CodeName(const absl::Status& status) { return absl::StatusCodeToString(status.code()); }

std::string Describe(const absl::Status& status) {
  std::string text = absl::StrCat(CodeName(status), ": ", status.message());
  status.ForEachPayload([&text](absl::string_view type_url, const absl::Cord& value) {
    if (type_url != kExitCodePayload) absl::StrAppend(&text, "\n", DescribeDetail(type_url, value));
  });
  return text;
}

}  // namespace piperpc::cli
