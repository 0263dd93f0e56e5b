#include <poll.h>
#include <unistd.h>

#include <cerrno>

#include "tools/piperpc/line_reader.h"
#include "tools/piperpc/stop_event_linux.h"

namespace piperpc::cli {
namespace {

// Waits until there is something to read; false: stopped.
bool WaitForInput(int file, const std::stop_token& stop) {
  const StopEvent stopped(stop);
  pollfd files[] = {{file, POLLIN, 0}, {stopped.file(), POLLIN, 0}};
  while (poll(files, 2, -1) < 0 && errno == EINTR) {
  }
  return !stop.stop_requested();
}

}  // namespace

LineReader::Result LineReader::Fill(const std::stop_token& stop) {
  if (!WaitForInput(file_, stop)) return Result::kStopped;
  char bytes[16 * 1024];
  ssize_t count;
  while ((count = read(file_, bytes, sizeof bytes)) < 0 && errno == EINTR) {
  }
  if (count < 0) return Result::kError;
  buffer_.append(bytes, static_cast<std::size_t>(count));
  return count == 0 ? Result::kEnd : Result::kLine;
}

bool IsTerminal(int file) { return isatty(file) == 1; }

}  // namespace piperpc::cli
