#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "tools/shared/input.h"
#include "tools/shared/stop_event_linux.h"

namespace piperpc::tools {
namespace {

using TimePoint = Input::TimePoint;

// For poll(2), which takes no more than this at once. 0: the time is over.
constexpr std::chrono::milliseconds kMostAtOnce{60'000};

int TimeLeft(std::optional<TimePoint> end) {
  if (!end.has_value()) return -1;
  const auto left = *end - std::chrono::steady_clock::now();
  const auto rounded = std::chrono::ceil<std::chrono::milliseconds>(left);
  return static_cast<int>(std::clamp(rounded, std::chrono::milliseconds(0), kMostAtOnce).count());
}

}  // namespace

class Input::Impl {
 public:
  explicit Impl(int file) : file_(file) {}

  Result Read(std::string& bytes, const std::stop_token& stop, std::optional<TimePoint> end) {
    char buffer[16 * 1024];
    ssize_t count;
    do {
      const Result waited = Wait(stop, end);
      if (waited != Result::kBytes) return waited;
      count = read(file_, buffer, sizeof buffer);
    } while (count < 0 && (errno == EINTR || errno == EAGAIN));
    if (count < 0) return Failed();
    bytes.append(buffer, static_cast<std::size_t>(count));
    return count == 0 ? Result::kEnd : Result::kBytes;
  }

  std::error_code error() const { return error_; }

 private:
  // Waits until there is something to read, or an end of the wait.
  Result Wait(const std::stop_token& stop, std::optional<TimePoint> end) {
    const StopEvent stopped(stop);
    pollfd files[] = {{file_, POLLIN, 0}, {stopped.file(), POLLIN, 0}};
    while (true) {
      const int left = TimeLeft(end);
      if (left == 0) return Result::kTimedOut;
      const int ready = poll(files, 2, left);
      if (stop.stop_requested()) return Result::kStopped;
      if (ready > 0) return Result::kBytes;
      if (ready < 0 && errno != EINTR) return Failed();
    }
  }

  Result Failed() {
    error_ = {errno, std::generic_category()};
    return Result::kError;
  }

  const int file_;
  std::error_code error_;
};

Input::Input(int file) : impl_(std::make_unique<Impl>(file)) {}
Input::~Input() = default;

Input::Result Input::Read(std::string& bytes, const std::stop_token& stop,
                          std::optional<TimePoint> end) {
  return impl_->Read(bytes, stop, end);
}

std::error_code Input::error() const { return impl_->error(); }

bool IsTerminal(int file) { return isatty(file) == 1; }

}  // namespace piperpc::tools
