#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <ctime>
#include <iterator>
#include <string>
#include <thread>
#include <utility>

#include "piperpc/internal/threads.h"
#include "tools/piperpcd/stop_request.h"

namespace piperpc::daemon {
namespace {

// As nohup(1) leaves it, or the `&` of a script. A signal that is blocked would arrive all the
// same.
bool IsIgnored(int number) {
  struct sigaction action = {};
  return sigaction(number, nullptr, &action) == 0 && action.sa_handler == SIG_IGN;
}

constexpr int kEnds[] = {SIGINT, SIGTERM, SIGHUP};

// The one that came while input was waited for; 0: none.
volatile std::sig_atomic_t arrived = 0;

sigset_t EndSet() {
  sigset_t set;
  sigemptyset(&set);
  for (const int number : kEnds) {
    if (!IsIgnored(number)) sigaddset(&set, number);
  }
  return set;
}

std::string NameOf(int number) {
  switch (number) {
    case SIGINT:
      return "SIGINT";
    case SIGTERM:
      return "SIGTERM";
    case SIGHUP:
      return "SIGHUP";
    default:
      return "a signal";
  }
}

}  // namespace

class StopRequest::Impl {
 public:
  // The signals stay blocked in all threads, and come only where they are waited for. Nothing of it
  // takes a descriptor: the system may refuse one.
  Impl() {
    arrived = 0;
    pthread_sigmask(SIG_BLOCK, &set_, nullptr);
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN);  // A file at its limit is an error like a full disk.
  }

  std::string Wait(std::string_view stop_word) {
    if (!stop_word.empty() && ListenFor(StopWord(stop_word))) return "the stop word";
    if (arrived == 0) arrived = TakeSignal();
    return NameOf(arrived);
  }

 private:
  // For poll(2), which a signal without a handler would end together with the program.
  class Handlers {
   public:
    explicit Handlers(const sigset_t& set) {
      for (std::size_t i = 0; i < std::size(kEnds); ++i) {
        sigaction(kEnds[i], nullptr, &before_[i]);
        struct sigaction action = {};
        action.sa_handler = [](int number) { arrived = number; };
        if (sigismember(&set, kEnds[i]) == 1) sigaction(kEnds[i], &action, nullptr);
      }
    }
    ~Handlers() {
      for (std::size_t i = 0; i < std::size(kEnds); ++i) sigaction(kEnds[i], &before_[i], nullptr);
    }
    Handlers(const Handlers&) = delete;
    Handlers& operator=(const Handlers&) = delete;

   private:
    struct sigaction before_[std::size(kEnds)] = {};
  };

  // False: a signal has arrived, or there is nothing more to listen to.
  bool ListenFor(StopWord word) const {
    const Handlers handlers(set_);
    bool listening = true;
    while (listening && arrived == 0) {
      if (AwaitInput() && HearWord(word, listening)) return true;
    }
    return false;
  }

  // False: a signal has arrived, or the system cannot wait at the moment, which is not for ever.
  bool AwaitInput() const {
    sigset_t open;
    pthread_sigmask(SIG_BLOCK, nullptr, &open);
    for (const int number : kEnds) {
      if (sigismember(&set_, number) == 1) sigdelset(&open, number);
    }
    pollfd input = {STDIN_FILENO, POLLIN, 0};
    const int ready = ppoll(&input, 1, nullptr, &open);
    if (ready < 0 && errno != EINTR) Pause();
    return ready > 0;
  }

  // Short, and a signal ends it.
  void Pause() const {
    const timespec pause = {.tv_sec = 0, .tv_nsec = 100'000'000};
    const int number = sigtimedwait(&set_, nullptr, &pause);
    if (number > 0) arrived = number;
  }

  int TakeSignal() const {
    int number = -1;
    while (number < 0) number = sigwaitinfo(&set_, nullptr);  // Else it was stopped meanwhile.
    return number;
  }

  bool HearWord(StopWord& word, bool& listening) const {
    char bytes[512];
    const ssize_t count = read(STDIN_FILENO, bytes, sizeof bytes);
    if (count < 0 && (errno == EAGAIN || errno == EINTR)) return false;
    listening = count > 0;
    return listening && word.Feed({bytes, static_cast<std::size_t>(count)});
  }

  const sigset_t set_ = EndSet();
};

StopRequest::StopRequest() : impl_(std::make_unique<Impl>()) {}
StopRequest::~StopRequest() = default;

StopReason StopRequest::Wait(std::string_view stop_word) { return {impl_->Wait(stop_word)}; }

// A thread that takes the signals, which are blocked in all others.
class SecondSignal::Impl {
 public:
  explicit Impl(Tell tell) : tell_(std::move(tell)) {
    auto thread = internal::StartThread("the thread that waits for signals", [this] { Run(); });
    if (thread.ok()) {
      thread_ = *std::move(thread);
    } else {
      // The next one does what it does to every program, without a word.
      pthread_sigmask(SIG_UNBLOCK, &set_, nullptr);
    }
  }

  ~Impl() {
    if (!thread_.joinable()) return;
    stopping_ = true;
    pthread_kill(thread_.native_handle(), kWake);
    thread_.join();
  }

  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

 private:
  using Clock = std::chrono::steady_clock;

  // One that means nothing to programs unless they wait for it.
  static constexpr int kWake = SIGURG;

  void Run() {
    sigset_t all = set_;
    sigaddset(&all, kWake);
    pthread_sigmask(SIG_BLOCK, &all, nullptr);  // From here on the waking is not lost.
    TakeRepeats(all);
    while (!stopping_) {
      const int number = sigwaitinfo(&all, nullptr);
      if (number > 0 && number != kWake) EndBy(number);
    }
  }

  void TakeRepeats(const sigset_t& all) const {
    const Clock::time_point end = begin_ + kRepeatTime;
    bool more = true;
    while (more && !stopping_) {
      const auto left = std::max(end - Clock::now(), Clock::duration::zero());
      const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(left);
      const timespec time = {.tv_sec = seconds.count(),
                             .tv_nsec = std::chrono::nanoseconds(left - seconds).count()};
      more = sigtimedwait(&all, nullptr, &time) > 0 || errno == EINTR;
    }
  }

  void EndBy(int number) {
    tell_(NameOf(number));
    sigset_t open;
    sigemptyset(&open);
    sigaddset(&open, number);
    pthread_sigmask(SIG_UNBLOCK, &open, nullptr);
    raise(number);
  }

  const Tell tell_;
  const Clock::time_point begin_ = Clock::now();
  const sigset_t set_ = EndSet();
  std::atomic<bool> stopping_ = false;
  std::thread thread_;
};

SecondSignal::SecondSignal(Tell tell) : impl_(std::make_unique<Impl>(std::move(tell))) {}
SecondSignal::~SecondSignal() = default;

}  // namespace piperpc::daemon
