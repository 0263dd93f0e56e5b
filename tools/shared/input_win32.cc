#include <io.h>
#include <windows.h>

#include <condition_variable>
#include <optional>
#include <thread>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "piperpc/internal/mutex.h"
#include "piperpc/internal/threads.h"
#include "tools/shared/input.h"
#include "tools/shared/utf16_win32.h"

namespace piperpc::tools {
namespace {

constexpr DWORD kMostAtOnce = 16 * 1024;
constexpr wchar_t kControlZ = 0x1a;  // At the beginning of a line typed: the end.

HANDLE HandleOf(int file) { return reinterpret_cast<HANDLE>(_get_osfhandle(file)); }

bool IsConsole(HANDLE handle) {
  DWORD mode;
  return GetConsoleMode(handle, &mode) != 0;
}

struct Outcome {
  Input::Result result;
  std::string bytes = {};
  std::error_code error = {};  // Of kError.
};

Outcome Failed(DWORD error) {
  return {Input::Result::kError, {}, {static_cast<int>(error), std::system_category()}};
}

Outcome ReadBytes(HANDLE file) {
  std::string bytes(kMostAtOnce, '\0');
  DWORD count = 0;
  const bool read = ReadFile(file, bytes.data(), kMostAtOnce, &count, nullptr) != 0;
  const DWORD error = read ? ERROR_SUCCESS : GetLastError();
  if (error == ERROR_BROKEN_PIPE || error == ERROR_HANDLE_EOF) return {Input::Result::kEnd};
  if (!read && error != ERROR_MORE_DATA) return Failed(error);
  if (count == 0) return {Input::Result::kEnd};
  bytes.resize(count);
  return {Input::Result::kBytes, std::move(bytes)};
}

bool EndsInsideACharacter(std::wstring_view text) {
  return !text.empty() && IS_HIGH_SURROGATE(text.back());
}

// The code page of a console does for single bytes; its own wide form does for every character.
Outcome ReadConsoleLine(HANDLE console) {
  std::wstring text;
  do {
    wchar_t typed[kMostAtOnce / sizeof(wchar_t)];
    DWORD count = 0;
    SetLastError(ERROR_SUCCESS);
    const bool read = ReadConsoleW(console, typed, std::size(typed), &count, nullptr) != 0;
    const DWORD error = GetLastError();
    const bool interrupted = error == ERROR_OPERATION_ABORTED;  // By Ctrl-C.
    if (!read && !interrupted) return Failed(error);
    if (count == 0 && !interrupted) return {Input::Result::kEnd};
    text.append(typed, count);
  } while (text.empty() || EndsInsideACharacter(text));
  if (text.front() == kControlZ) return {Input::Result::kEnd};
  return {Input::Result::kBytes, Utf8Of(text)};
}

bool IsOver(std::optional<Input::TimePoint> end) {
  return end.has_value() && std::chrono::steady_clock::now() >= *end;
}

// What a reader and its thread share. The thread may stay behind in a read that nothing ends.
class Pump {
 public:
  explicit Pump(HANDLE file) : file_(file), console_(IsConsole(file)) {}

  // For the thread: reads once whenever it is asked to, until nobody will ask again.
  void Run() {
    while (WaitForDemand()) {
      Outcome outcome = console_ ? ReadConsoleLine(file_) : ReadBytes(file_);
      const internal::MutexLock lock(mutex_);
      outcome_ = std::move(outcome);
      wanted_ = reading_ = false;
      changed_.notify_all();
    }
  }

  // Ends the thread. False: it is in a read, and ends after that one, whenever that may be.
  bool LetGo() {
    const internal::MutexLock lock(mutex_);
    let_go_ = true;
    changed_.notify_all();
    return !reading_;
  }

  Outcome Take(const std::stop_token& stop, std::optional<Input::TimePoint> end) {
    const internal::MutexLock lock(mutex_);
    if (stop.stop_requested()) return {Input::Result::kStopped};
    if (IsOver(end)) return {Input::Result::kTimedOut};
    if (!outcome_.has_value()) {
      wanted_ = true;
      changed_.notify_all();
    }
    const auto is_there = [this] {
      mutex_.AssertHeld();
      return outcome_.has_value();
    };
    const bool there = end.has_value() ? changed_.wait_until(mutex_, stop, *end, is_there)
                                       : changed_.wait(mutex_, stop, is_there);
    if (there) return *std::exchange(outcome_, std::nullopt);
    return {stop.stop_requested() ? Input::Result::kStopped : Input::Result::kTimedOut};
  }

 private:
  bool WaitForDemand() {
    const internal::MutexLock lock(mutex_);
    while (!wanted_ && !let_go_) changed_.wait(mutex_);
    reading_ = !let_go_;
    return reading_;
  }

  const HANDLE file_;
  const bool console_;
  internal::Mutex mutex_;
  std::condition_variable_any changed_;
  bool wanted_ ABSL_GUARDED_BY(mutex_) = false;  // A read is asked for, or under way.
  bool reading_ ABSL_GUARDED_BY(mutex_) = false;
  bool let_go_ ABSL_GUARDED_BY(mutex_) = false;
  std::optional<Outcome> outcome_ ABSL_GUARDED_BY(mutex_);  // Of a read, until it is taken.
};

}  // namespace

// No call of the system waits for a file, a pipe and a console alike and can be given up. So a
// thread of its own reads, one piece when one is asked for; whoever asked can stop waiting.
class Input::Impl {
 public:
  explicit Impl(int file) : pump_(std::make_shared<Pump>(HandleOf(file))) {}
  ~Impl() {
    const bool ends_now = pump_->LetGo();
    internal::JoinOrLeave(std::move(thread_), ends_now);
  }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  Result Read(std::string& bytes, const std::stop_token& stop, std::optional<TimePoint> end) {
    if (!EnsureThread()) {
      error_ = std::make_error_code(std::errc::resource_unavailable_try_again);
      return Result::kError;
    }
    const Outcome outcome = pump_->Take(stop, end);
    bytes += outcome.bytes;
    error_ = outcome.error;
    return outcome.result;
  }

  std::error_code error() const { return error_; }

 private:
  // False: the system gives none at the moment.
  bool EnsureThread() {
    if (thread_.joinable()) return true;
    auto thread = internal::StartThread("the thread that reads", [pump = pump_] { pump->Run(); });
    if (!thread.ok()) return false;
    thread_ = *std::move(thread);
    return true;
  }

  const std::shared_ptr<Pump> pump_;
  std::thread thread_;
  std::error_code error_;
};

Input::Input(int file) : impl_(std::make_unique<Impl>(file)) {}
Input::~Input() = default;

Input::Result Input::Read(std::string& bytes, const std::stop_token& stop,
                          std::optional<TimePoint> end) {
  return impl_->Read(bytes, stop, end);
}

std::error_code Input::error() const { return impl_->error(); }

bool IsTerminal(int file) { return IsConsole(HandleOf(file)); }

}  // namespace piperpc::tools
