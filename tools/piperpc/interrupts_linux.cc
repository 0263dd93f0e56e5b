#include <poll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <csignal>
#include <mutex>
#include <thread>

#include "tools/piperpc/failure.h"
#include "tools/piperpc/interrupts.h"
#include "tools/piperpc/silent_terminal_linux.h"
#include "tools/shared/stop_event_linux.h"

namespace piperpc::cli {
namespace {

// Ctrl-C, and what ends a program: the terminal has to be left as it was.
sigset_t SignalSet() {
  sigset_t set;
  sigemptyset(&set);
  for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGQUIT}) sigaddset(&set, number);
  return set;
}

// Blocks the signals in this thread, and so in all that it starts, and gives a file to read them
// from.
int TakeSignals() {
  const sigset_t set = SignalSet();
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  signal(SIGPIPE, SIG_IGN);
  return signalfd(-1, &set, SFD_CLOEXEC);
}

// Ends the program as the signal does by itself.
void EndBy(int number) {
  LeaveTerminalsAsTheyWere();
  signal(number, SIG_DFL);
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, number);
  raise(number);  // Waits for this thread until the next line.
  pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
}

}  // namespace

class Interrupts::Impl {
 public:
  Impl() : signals_(TakeSignals()), thread_([this](std::stop_token end) { Watch(end); }) {}
  ~Impl() {
    thread_.request_stop();
    thread_.join();
    close(signals_);
  }

  std::stop_token Arm() {
    std::lock_guard lock(mutex_);
    current_ = std::stop_source();
    return current_.get_token();
  }

 private:
  void Watch(const std::stop_token& end) {
    const tools::StopEvent ended(end);
    while (true) {
      pollfd files[] = {{signals_, POLLIN, 0}, {ended.file(), POLLIN, 0}};
      poll(files, 2, -1);
      if (end.stop_requested()) return;
      signalfd_siginfo info;
      if (read(signals_, &info, sizeof info) != sizeof info) continue;
      if (info.ssi_signo != SIGINT) EndBy(static_cast<int>(info.ssi_signo));
      Interrupt();
    }
  }

  void Interrupt() {
    std::unique_lock lock(mutex_);
    std::stop_source source = current_;
    lock.unlock();
    if (source.request_stop()) return;
    LeaveTerminalsAsTheyWere();
    _exit(kExitInterrupted);
  }

  const int signals_;
  std::mutex mutex_;
  std::stop_source current_;
  std::jthread thread_;
};

Interrupts::Interrupts() : impl_(std::make_unique<Impl>()) {}
Interrupts::~Interrupts() = default;

std::stop_token Interrupts::Arm() { return impl_->Arm(); }

}  // namespace piperpc::cli
