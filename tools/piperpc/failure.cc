#include "tools/piperpc/failure.h"

#include "absl/strings/cord.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "piperpc/internal/utf8.h"
#include "piperpc/internal/visible_text.h"

namespace piperpc::cli {
namespace {

// A detail's type is a name that people know.
std::string DescribeDetail(absl::string_view type_url, std::string_view text) {
  const absl::string_view type = absl::StripPrefix(type_url, "type.googleapis.com/");
  return absl::StrCat("\n  detail ", internal::VisibleLine({type.data(), type.size()}), ": ",
                      std::string(text));
}

}  // namespace

Outcome Outcome::Local(ExitCode code, std::string_view message) {
  Outcome outcome(absl::UnknownError({message.data(), message.size()}));
  outcome.local_ = code;
  return outcome;
}

Outcome Outcome::After(std::string_view prefix) const {
  if (ok()) return *this;
  const std::string message = absl::StrCat(std::string(prefix), status_.message());
  Outcome outcome(absl::Status(status_.code(), message));
  status_.ForEachPayload([&outcome](absl::string_view url, const absl::Cord& value) {
    outcome.status_.SetPayload(url, value);
  });
  outcome.local_ = local_;
  outcome.shown_details_ = shown_details_;
  outcome.advice_ = advice_;
  return outcome;
}

std::string Outcome::Describe() const {
  const std::string text = internal::VisibleLine(message());
  if (local_.has_value()) return text;
  std::string all = absl::StrCat(CodeName(status_), ": ", text);
  status_.ForEachPayload([&](absl::string_view url, const absl::Cord& value) {
    const auto shown = shown_details_.find(std::string_view(url.data(), url.size()));
    const bool raw = shown == shown_details_.end();
    all += DescribeDetail(
        url, raw ? absl::CHexEscape(std::string(value)) : internal::VisibleLine(shown->second));
  });
  if (!advice_.empty()) absl::StrAppend(&all, "\n  ", internal::VisibleLine(advice_));
  return all;
}

std::ostream& operator<<(std::ostream& out, const Outcome& outcome) {
  return out << (outcome.ok() ? "OK" : outcome.Describe());
}

Outcome UsageError(std::string_view message) { return Outcome::Local(kExitUsage, message); }

Outcome CheckUtf8(std::string_view what, std::string_view text) {
  const std::optional<std::size_t> at = internal::FindInvalidUtf8(text);
  if (!at.has_value()) return Outcome();
  return UsageError(
      absl::StrCat(std::string(what), " is not valid UTF-8: byte ", *at + 1, " is 0x",
                   absl::Hex(static_cast<unsigned char>(text[*at]), absl::kZeroPad2)));
}

Outcome IoError(std::string_view message) { return Outcome::Local(kExitIo, message); }

Outcome NoReaderError() { return Outcome::Local(kExitNoReader, "nobody reads the output"); }

std::string DeadlineText(std::string_view doing, std::chrono::milliseconds spent) {
  return absl::StrCat("the deadline has passed while ", std::string(doing), ", after ",
                      spent.count(), " ms");
}

Outcome TimedOutError(std::string_view doing, std::chrono::milliseconds spent) {
  return Outcome::Local(kExitTimedOut, absl::StrCat(DeadlineText(doing, spent), " (--timeout)"));
}

Outcome NoThreadError(const absl::Status& status) {
  return status.ok() ? Outcome() : IoError(std::string(status.message()));
}

Outcome ThrownError(const std::exception& thrown) {
  return IoError(absl::StrCat("unexpected error: ", thrown.what()));
}

Outcome InterruptedError() { return Outcome::Local(kExitInterrupted, "interrupted"); }

std::string CodeName(const absl::Status& status) { return absl::StatusCodeToString(status.code()); }

}  // namespace piperpc::cli
