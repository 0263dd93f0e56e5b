#include "tools/piperpc/stop_event_linux.h"

#include <sys/eventfd.h>
#include <unistd.h>

namespace piperpc::cli {

StopEvent::StopEvent(const std::stop_token& stop)
    : file_(eventfd(0, EFD_CLOEXEC)), on_stop_(stop, Signal{file_}) {}

StopEvent::~StopEvent() { close(file_); }

void StopEvent::Signal::operator()() const { eventfd_write(file, 1); }

}  // namespace piperpc::cli
