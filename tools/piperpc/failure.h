// What went wrong, as the command line tells it: a text for people and an exit code for scripts.
#pragma once

#include <chrono>
#include <exception>
#include <functional>
#include <map>
#include <optional>
#include <ostream>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "absl/status/status.h"

namespace piperpc::cli {

// Exit codes. 1 to 16: the call, or the connection, ended with that canonical code; 5 is NOT_FOUND.
enum ExitCode : int {
  kExitOk = 0,
  kExitTimedOut = 4,       // As DEADLINE_EXCEEDED: the time was over before anything was called.
  kExitUsage = 64,         // The command line or the request is wrong; nothing was called.
  kExitIo = 74,            // A file cannot be read, or the output cannot be written.
  kExitInterrupted = 130,  // Ctrl-C.
  kExitNoReader = 141,     // Nobody reads the output any more.
};

// How something ended: well, with an error of this program's own, or with the status of a call. The
// two kinds of errors are told apart by this type alone, so that nothing that a server sends can
// look like an error of this side, or choose the exit code.
class [[nodiscard]] Outcome {
 public:
  Outcome() = default;

  // Of a call, or of the connection. Implicit, as every step of a command passes them on.
  // NOLINTNEXTLINE(google-explicit-constructor)
  Outcome(absl::Status status) : status_(std::move(status)) {}

  // An error of this side; `code` is not kExitOk.
  static Outcome Local(ExitCode code, std::string_view message);

  bool ok() const { return !local_.has_value() && status_.ok(); }

  // 0, the program's own code, or the canonical one, which is 1 to 16.
  int exit_code() const { return local_.value_or(static_cast<ExitCode>(status_.code())); }

  // True for the canonical code of a call; never for an error of this side.
  bool Is(absl::StatusCode code) const { return !local_.has_value() && status_.code() == code; }

  // As it came: not made safe for a terminal. See Describe().
  std::string message() const { return std::string(status_.message()); }
  const absl::Status& status() const { return status_; }

  // The same, with `prefix` before its message.
  Outcome After(std::string_view prefix) const;

  // From now on the detail of that type is shown as this text.
  void ShowDetail(const std::string& type_url, std::string_view text) {
    shown_details_.insert_or_assign(type_url, text);
  }

  // What the person who reads it may do.
  void Advise(std::string_view advice) { advice_ = advice; }

  // "NOT_FOUND: no such method", then each detail of the status, and advice, on a line of its own;
  // an error of this side is its message alone. Safe for a terminal.
  std::string Describe() const;

 private:
  absl::Status status_;
  std::optional<ExitCode> local_;
  std::map<std::string, std::string, std::less<>> shown_details_;  // By type URL.
  std::string advice_;
};

std::ostream& operator<<(std::ostream& out, const Outcome& outcome);

// A value, or why there is none.
template <typename Value>
class [[nodiscard]] OutcomeOr {
 public:
  // Implicit, as with absl::StatusOr. The first two: not OK.
  // NOLINTBEGIN(google-explicit-constructor)
  OutcomeOr(Outcome outcome) : outcome_(std::move(outcome)) {}
  OutcomeOr(absl::Status status) : OutcomeOr(Outcome(std::move(status))) {}
  template <typename From = Value,
            typename = std::enable_if_t<std::is_convertible_v<From&&, Value> &&
                                        !std::is_convertible_v<From&&, Outcome>>>
  OutcomeOr(From&& value) : value_(std::forward<From>(value)) {}
  // NOLINTEND(google-explicit-constructor)

  bool ok() const { return value_.has_value(); }
  const Outcome& outcome() const { return outcome_; }

  // Only when ok().
  Value& operator*() & { return *value_; }
  const Value& operator*() const& { return *value_; }
  Value&& operator*() && { return *std::move(value_); }
  Value* operator->() { return &*value_; }
  const Value* operator->() const { return &*value_; }

 private:
  Outcome outcome_;
  std::optional<Value> value_;
};

// An error of the command line itself: `message` says what is wrong and what is right.
Outcome UsageError(std::string_view message);

// A usage error when `text` is not UTF-8; it says of `what`, and where.
Outcome CheckUtf8(std::string_view what, std::string_view text);

// A file or terminal that does not do what it should.
Outcome IoError(std::string_view message);

// Standard output has been closed by its reader: the end, but nothing to complain of.
Outcome NoReaderError();

// "the deadline has passed while DOING, after N ms", as the library says it.
std::string DeadlineText(std::string_view doing, std::chrono::milliseconds spent);

// The time of --timeout was over while `doing`, before anything was called.
Outcome TimedOutError(std::string_view doing, std::chrono::milliseconds spent);

// OK, or an I/O error with the text of a `status` that the system's refusal of a thread has.
Outcome NoThreadError(const absl::Status& status);

// What was thrown, such as the system's refusal of memory.
Outcome ThrownError(const std::exception& thrown);

// Ctrl-C, before anything was called.
Outcome InterruptedError();

// "OK", "NOT_FOUND".
std::string CodeName(const absl::Status& status);

}  // namespace piperpc::cli
