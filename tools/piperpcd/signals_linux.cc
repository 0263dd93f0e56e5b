#include <poll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <csignal>
#include <cstdint>

#include "tools/piperpcd/stop_request.h"

namespace piperpc::daemon {
namespace {

// As nohup(1) leaves it, or the `&` of a script. A signal that is blocked would arrive all the
// same.
bool IsIgnored(int number) {
  struct sigaction action = {};
  return sigaction(number, nullptr, &action) == 0 && action.sa_handler == SIG_IGN;
}

sigset_t EndSet() {
  sigset_t set;
  sigemptyset(&set);
  for (const int number : {SIGINT, SIGTERM, SIGHUP}) {
    if (!IsIgnored(number)) sigaddset(&set, number);
  }
  return set;
}

std::string NameOf(std::uint32_t number) {
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
  // The signals stay blocked in all threads, and are read from a file instead.
  Impl() {
    pthread_sigmask(SIG_BLOCK, &set_, nullptr);
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN);  // A file at its limit is an error like a full disk.
    signals_ = signalfd(-1, &set_, SFD_CLOEXEC);
  }
  ~Impl() { close(signals_); }

  std::string Wait(std::string_view stop_word) {
    StopWord word(stop_word);
    bool listening = !stop_word.empty();
    while (true) {
      pollfd files[] = {{signals_, POLLIN, 0}, {listening ? STDIN_FILENO : -1, POLLIN, 0}};
      if (poll(files, 2, -1) < 0) continue;
      if (files[0].revents != 0) return TakeSignal();
      if (files[1].revents != 0 && HearWord(word, listening)) return "the stop word";
    }
  }

  // Another signal does what it does to every program.
  void LetNextOneEnd() { pthread_sigmask(SIG_UNBLOCK, &set_, nullptr); }

 private:
  std::string TakeSignal() const {
    signalfd_siginfo info = {};
    if (read(signals_, &info, sizeof info) != sizeof info) return "a signal";
    return NameOf(info.ssi_signo);
  }

  static bool HearWord(StopWord& word, bool& listening) {
    char bytes[512];
    const ssize_t count = read(STDIN_FILENO, bytes, sizeof bytes);
    listening = count > 0;
    return listening && word.Feed({bytes, static_cast<std::size_t>(count)});
  }

  const sigset_t set_ = EndSet();
  int signals_ = -1;
};

StopRequest::StopRequest() : impl_(std::make_unique<Impl>()) {}
StopRequest::~StopRequest() = default;

StopReason StopRequest::Wait(std::string_view stop_word) {
  StopReason reason = {impl_->Wait(stop_word)};
  impl_->LetNextOneEnd();
  return reason;
}

}  // namespace piperpc::daemon
