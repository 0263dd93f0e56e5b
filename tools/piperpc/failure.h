// Errors of the command line: a text for people and an exit code for scripts.
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

// A result: OK, an error of this program, or the status of a call. The type keeps the two kinds of
// errors apart, so that a server can neither imitate an error of this program nor choose any exit
// code but that of its canonical code.
class [[nodiscard]] Outcome {
 public:
  Outcome() = default;

  // The status of a call or of the connection. Implicit, because commands pass them on everywhere.
  // NOLINTNEXTLINE(google-explicit-constructor)
  Outcome(absl::Status status) : status_(std::move(status)) {}

  // An error of this program; `code` is not kExitOk.
  static Outcome Local(ExitCode code, std::string_view message);

  bool ok() const { return !local_.has_value() && status_.ok(); }

  // 0, the program's own code, or the canonical one, which is 1 to 16.
  int exit_code() const { return local_.value_or(static_cast<ExitCode>(status_.code())); }

  // True for the canonical code of a call; never for an error of this program.
  bool Is(absl::StatusCode code) const { return !local_.has_value() && status_.code() == code; }

  // Unchanged, so not safe to print to a terminal; see Describe().
  std::string message() const { return std::string(status_.message()); }
  const absl::Status& status() const { return status_; }

  // The same result, with `prefix` before its message.
  Outcome After(std::string_view prefix) const;

  // Makes Describe() show the detail of that type as `text`.
  void ShowDetail(const std::string& type_url, std::string_view text) {
    shown_details_.insert_or_assign(type_url, text);
  }

  // Adds advice on what the user can do.
  void Advise(std::string_view advice) { advice_ = advice; }

  // "NOT_FOUND: no such method", then each detail of the status, and the advice, on lines of their
  // own. For an error of this program just its message, and the advice. Safe for a terminal.
  std::string Describe() const;

 private:
  absl::Status status_;
  std::optional<ExitCode> local_;
  std::map<std::string, std::string, std::less<>> shown_details_;  // By type URL.
  std::string advice_;
};

std::ostream& operator<<(std::ostream& out, const Outcome& outcome);

// A value, or the error that explains why there is none.
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

// The command line or a request is wrong. `message` says what is wrong, and what would be right.
Outcome UsageError(std::string_view message);

// A usage error when `text` is not UTF-8; it names `what` and the position.
Outcome CheckUtf8(std::string_view what, std::string_view text);

// A file or a terminal cannot be read or written.
Outcome IoError(std::string_view message);

// The reader of standard output has closed it: the program ends without an error message.
Outcome NoReaderError();

// "the deadline has passed while DOING, after N ms", in the words of the library.
std::string DeadlineText(std::string_view doing, std::chrono::milliseconds spent);

// The time limit of --timeout has passed while `doing`, before anything was called.
Outcome TimedOutError(std::string_view doing, std::chrono::milliseconds spent);

// Turns the status of a thread that could not be started into an I/O error; OK stays OK.
Outcome NoThreadError(const absl::Status& status);

// An exception, for example because there is no memory.
Outcome ThrownError(const std::exception& thrown);

// Ctrl-C, before anything was called.
Outcome InterruptedError();

// "OK", "NOT_FOUND".
std::string CodeName(const absl::Status& status);

}  // namespace piperpc::cli
