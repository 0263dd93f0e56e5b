#include <unistd.h>

#include <atomic>
#include <csignal>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "piperpc/internal/mutex.h"
#include "piperpc/internal/threads.h"
#include "tools/piperpc/controlling_terminal_linux.h"
#include "tools/piperpc/failure.h"
#include "tools/piperpc/interrupts.h"

namespace piperpc::cli {
namespace {

// Not one that is ignored, as nohup(1) leaves it or a shell without jobs (`&` in a script):
// blocked, it would arrive all the same. Nor one that somebody (a profiler) has a use for.
bool HasItsDefault(int number) {
  struct sigaction action = {};
  return sigaction(number, nullptr, &action) == 0 && action.sa_handler == SIG_DFL;
}

#ifdef SIGSTKFLT
constexpr int kOldFault =
    SIGSTKFLT;  // Which no processor makes; not every one has a number for it.
#else
constexpr int kOldFault = SIGTERM;
#endif

// All that end a program when somebody sends them: the terminal has to be left as it was. Those
// that a fault makes are for the thread that has it (controlling_terminal_linux.cc).
sigset_t EndSet() {
  sigset_t set;
  sigemptyset(&set);
  for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2, SIGALRM, SIGVTALRM,
                           SIGPROF, SIGIO, SIGPWR, SIGXCPU, kOldFault}) {
    if (HasItsDefault(number)) sigaddset(&set, number);
  }
  for (int number = SIGRTMIN; number <= SIGRTMAX; ++number) {
    if (HasItsDefault(number)) sigaddset(&set, number);
  }
  return set;
}

sigset_t WithStops(sigset_t set) {
  if (HasItsDefault(SIGTSTP)) sigaddset(&set, SIGTSTP);
  sigaddset(&set, SIGCONT);
  return set;
}

bool AnyPending(const sigset_t& set) {
  sigset_t pending;
  sigset_t both;
  return sigpending(&pending) == 0 && sigandset(&both, &pending, &set) == 0 &&
         sigisemptyset(&both) == 0;
}

// Blocks the signals in this thread, and so in all that it starts.
void TakeSignals(const sigset_t& set) {
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  signal(SIGPIPE, SIG_IGN);
  signal(SIGXFSZ, SIG_IGN);  // A file at its limit is an error like a full disk.
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

// Stops the program, unless nobody could make it go on (setsid(1)); comes back when it does, and
// SIGCONT is there to be taken.
void StopBy(int number) {
  TerminalSignals::BeforeStop();
  LetHappen(number);
}

void EndBy(int number) {
  TerminalSignals::BeforeEnd();
  LetHappen(number);
}

}  // namespace

class Interrupts::Impl {
 public:
  Impl() {
    TakeSignals(signals_);
    auto thread = internal::StartThread("the thread that waits for signals", [this] { Watch(); });
    status_ = thread.status();
    if (thread.ok()) thread_ = *std::move(thread);
  }
  ~Impl() {
    if (!thread_.joinable()) return;
    ending_ = true;
    pthread_kill(thread_.native_handle(), SIGCONT);  // One that does nothing else here.
    thread_.join();
  }

  const absl::Status& status() const { return status_; }

  std::stop_token Arm() {
    const internal::MutexLock lock(mutex_);
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
        return Continue();
      default:
        EndBy(number);
    }
  }

  // Who wants the terminal in the background is stopped once more, as the system would do it; not
  // where an end is due, as after `kill %1`.
  void Continue() const {
    if (!TerminalSignals::AfterContinue() && !AnyPending(ends_)) LetHappen(SIGTTOU);
  }

  void Interrupt() {
    internal::MutexLock lock(mutex_);
    std::stop_source source = current_;
    lock.Unlock();
    if (source.request_stop()) return;
    TerminalSignals::BeforeEnd();
    _exit(kExitInterrupted);
  }

  const sigset_t ends_ = EndSet();
  const sigset_t signals_ = WithStops(ends_);
  std::atomic<bool> ending_ = false;
  internal::Mutex mutex_;
  std::stop_source current_ ABSL_GUARDED_BY(mutex_);
  absl::Status status_;
  std::thread thread_;
};

Interrupts::Interrupts() : impl_(std::make_unique<Impl>()) {}
Interrupts::~Interrupts() = default;

Outcome Interrupts::status() const { return NoThreadError(impl_->status()); }

std::stop_token Interrupts::Arm() { return impl_->Arm(); }

}  // namespace piperpc::cli
