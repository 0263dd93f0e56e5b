#include "services/upper/upper_case.h"

#include <unicode/bytestream.h>
#include <unicode/casemap.h>
#include <unicode/stringpiece.h>

#include <cstdint>
#include <limits>
#include <optional>

#include "absl/strings/str_cat.h"
#include "piperpc/internal/utf8.h"

namespace services {
namespace {

constexpr std::size_t kMaxBytes = std::numeric_limits<std::int32_t>::max();
constexpr char kNoLanguage[] = "";  // ICU's root locale.

}  // namespace

absl::StatusOr<std::string> UpperCase(std::string_view utf8) {
  if (utf8.size() > kMaxBytes) {
    return absl::ResourceExhaustedError(
        absl::StrCat("the text has ", utf8.size(), " bytes; the limit is ", kMaxBytes));
  }
  // ICU would put a replacement character there.
  if (const std::optional<std::size_t> invalid = piperpc::internal::FindInvalidUtf8(utf8)) {
    return absl::InvalidArgumentError(
        absl::StrCat("the text is not UTF-8: invalid byte at offset ", *invalid));
  }
  std::string result;
  icu::StringByteSink<std::string> sink(&result, static_cast<std::int32_t>(utf8.size()));
  UErrorCode error = U_ZERO_ERROR;
  const icu::StringPiece source(utf8.data(), static_cast<std::int32_t>(utf8.size()));
  icu::CaseMap::utf8ToUpper(kNoLanguage, 0, source, sink, nullptr, error);
  if (U_FAILURE(error)) {
    return absl::InternalError(absl::StrCat("case conversion failed: ", u_errorName(error)));
  }
  return result;
}

}  // namespace services
