#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <ctime>
#include <iterator>
#include <string>

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

  // Another signal does what it does to every program.
  void LetNextOneEnd() { pthread_sigmask(SIG_UNBLOCK, &set_, nullptr); }

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

StopReason StopRequest::Wait(std::string_view stop_word) {
  StopReason reason = {impl_->Wait(stop_word)};
  impl_->LetNextOneEnd();
  return reason;
}

}  // namespace piperpc::daemon
