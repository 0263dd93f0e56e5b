#include <unistd.h>

#include <atomic>
#include <csignal>
#include <mutex>
#include <thread>

#include "tools/piperpc/controlling_terminal_linux.h"
#include "tools/piperpc/failure.h"
#include "tools/piperpc/interrupts.h"

namespace piperpc::cli {
namespace {

// As nohup(1) leaves it, or a shell without jobs. One that is blocked would arrive all the same.
bool IsIgnored(int number) {
  struct sigaction action = {};
  return sigaction(number, nullptr, &action) == 0 && action.sa_handler == SIG_IGN;
}

// Ctrl-C, and what ends or stops a program: the terminal has to be left as it was.
sigset_t SignalSet() {
  sigset_t set;
  sigemptyset(&set);
  for (const int number : {SIGINT, SIGCONT}) sigaddset(&set, number);
  for (const int number : {SIGTERM, SIGHUP, SIGQUIT, SIGTSTP}) {
    if (!IsIgnored(number)) sigaddset(&set, number);
  }
  return set;
}

// Blocks the signals in this thread, and so in all that it starts, and gives them.
sigset_t TakeSignals() {
  const sigset_t set = SignalSet();
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  signal(SIGPIPE, SIG_IGN);
  signal(SIGXFSZ, SIG_IGN);  // A file at its limit is an error like a full disk.
  return set;
}

// Lets the signal do what it does by itself to all of the program.
void LetHappen(int number) {
  signal(number, SIG_DFL);
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, number);
  raise(number);  // Waits for this thread until the next line.
  pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
}

// Stops the program, unless nobody could make it go on (setsid(1)); comes back when it does.
void StopBy(int number) {
  TerminalSignals::BeforeStop();
  LetHappen(number);
  TerminalSignals::AfterStop();
}

void EndBy(int number) {
  TerminalSignals::BeforeEnd();
  LetHappen(number);
}

}  // namespace

class Interrupts::Impl {
 public:
  Impl() : signals_(TakeSignals()), thread_([this] { Watch(); }) {}
  ~Impl() {
    ending_ = true;
    pthread_kill(thread_.native_handle(), SIGCONT);  // One that does nothing else here.
    thread_.join();
  }

  std::stop_token Arm() {
    std::lock_guard lock(mutex_);
    current_ = std::stop_source();
    return current_.get_token();
  }

 private:
  // Needs no descriptors, of which there may be none left.
  void Watch() {
    while (true) {
      siginfo_t info;
      const int number = sigwaitinfo(&signals_, &info);
      if (ending_) return;
      if (number > 0) Take(number);  // Else it was stopped meanwhile, by a signal nobody can take.
    }
  }

  void Take(int number) {
    switch (number) {
      case SIGINT:
        return Interrupt();
      case SIGTSTP:
        return StopBy(number);
      case SIGCONT:
        return TerminalSignals::AfterContinue();
      default:
        EndBy(number);
    }
  }

  void Interrupt() {
    std::unique_lock lock(mutex_);
    std::stop_source source = current_;
    lock.unlock();
    if (source.request_stop()) return;
    TerminalSignals::BeforeEnd();
    _exit(kExitInterrupted);
  }

  const sigset_t signals_;
  std::atomic<bool> ending_ = false;
  std::mutex mutex_;
  std::stop_source current_;
  std::thread thread_;
};

Interrupts::Interrupts() : impl_(std::make_unique<Impl>()) {}
Interrupts::~Interrupts() = default;

std::stop_token Interrupts::Arm() { return impl_->Arm(); }

}  // namespace piperpc::cli
