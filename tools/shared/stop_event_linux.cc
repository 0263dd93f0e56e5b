#include "tools/shared/stop_event_linux.h"

#include <sys/eventfd.h>
#include <unistd.h>

namespace piperpc::tools {

StopEvent::File::File() : number(eventfd(0, EFD_CLOEXEC)) {}

StopEvent::File::~File() { close(number); }

StopEvent::StopEvent(const std::stop_token& stop) : on_stop_(stop, Signal{file_.number}) {}

void StopEvent::Signal::operator()() const { eventfd_write(file, 1); }

}  // namespace piperpc::tools
