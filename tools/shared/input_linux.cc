#include <poll.h>
#include <unistd.h>

#include <cerrno>

#include "tools/shared/input.h"
#include "tools/shared/stop_event_linux.h"

namespace piperpc::tools {

class Input::Impl {
 public:
  explicit Impl(int file) : file_(file) {}

  Result Read(std::string& bytes, const std::stop_token& stop) const {
    char buffer[16 * 1024];
    ssize_t count;
    do {
      if (!Wait(stop)) return Result::kStopped;
      count = read(file_, buffer, sizeof buffer);
    } while (count < 0 && (errno == EINTR || errno == EAGAIN));
    if (count < 0) return Result::kError;
    bytes.append(buffer, static_cast<std::size_t>(count));
    return count == 0 ? Result::kEnd : Result::kBytes;
  }

 private:
  // Waits until there is something to read; false: stopped.
  bool Wait(const std::stop_token& stop) const {
    const StopEvent stopped(stop);
    pollfd files[] = {{file_, POLLIN, 0}, {stopped.file(), POLLIN, 0}};
    while (poll(files, 2, -1) < 0 && errno == EINTR) {
    }
    return !stop.stop_requested();
  }

  const int file_;
};

Input::Input(int file) : impl_(std::make_unique<Impl>(file)) {}
Input::~Input() = default;

Input::Result Input::Read(std::string& bytes, const std::stop_token& stop) {
  return impl_->Read(bytes, stop);
}

bool IsTerminal(int file) { return isatty(file) == 1; }

}  // namespace piperpc::tools
