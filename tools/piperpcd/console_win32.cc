#include <windows.h>

#include <chrono>
#include <condition_variable>
#include <stop_token>
#include <string>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "piperpc/internal/mutex.h"
#include "tools/piperpcd/stop_request.h"
#include "tools/shared/input.h"

namespace piperpc::daemon {
namespace {

constexpr auto kNoLimit = std::chrono::milliseconds::max();

// The system waits five seconds by default; the last one is for what comes after the draining.
constexpr std::chrono::seconds kBeforeKilled{4};

StopReason ReasonOf(DWORD event) {
  switch (event) {
    case CTRL_C_EVENT:
      return {"CTRL_C", kNoLimit};
    case CTRL_BREAK_EVENT:
      return {"CTRL_BREAK", kNoLimit};
    case CTRL_CLOSE_EVENT:
      return {"CTRL_CLOSE", kBeforeKilled};
    case CTRL_LOGOFF_EVENT:
      return {"CTRL_LOGOFF", kBeforeKilled};
    case CTRL_SHUTDOWN_EVENT:
      return {"CTRL_SHUTDOWN", kBeforeKilled};
    default:
      return {"a console event", kBeforeKilled};
  }
}

// What the system's thread leaves behind and main() waits for. The system gives its handler no
// argument, so there is one of them in the process; StopRequest, too, is made once.
class Arrival {
 public:
  using Clock = std::chrono::steady_clock;

  // False: there was a reason already.
  bool Tell(StopReason reason) {
    {
      const internal::MutexLock lock(mutex_);
      if (told_) return false;
      told_ = true;
      reason_ = std::move(reason);
      ending_since_ = Clock::now();
    }
    changed_.notify_all();
    stop_.request_stop();
    return true;
  }

  StopReason Wait() {
    internal::MutexLock lock(mutex_);
    while (!told_) lock.Wait(changed_);
    return reason_;
  }

  // From now on; nullptr: nobody is told any more.
  void TellOfSecond(const SecondSignal::Tell* tell) {
    const internal::MutexLock lock(mutex_);
    tell_second_ = tell;
    ending_since_ = Clock::now();
  }

  // Of an event that is not the first. True: it belongs to that one. Else the program is told, if
  // it still listens.
  bool IsRepeat(const std::string& name) {
    const internal::MutexLock lock(mutex_);
    if (Clock::now() - ending_since_ < SecondSignal::kRepeatTime) return true;
    if (tell_second_ != nullptr) (*tell_second_)(name);
    return false;
  }

  std::stop_token stop_token() const { return stop_.get_token(); }

 private:
  internal::Mutex mutex_;
  std::condition_variable changed_;
  bool told_ ABSL_GUARDED_BY(mutex_) = false;
  StopReason reason_ ABSL_GUARDED_BY(mutex_);
  Clock::time_point ending_since_ ABSL_GUARDED_BY(mutex_);
  const SecondSignal::Tell* tell_second_ ABSL_GUARDED_BY(mutex_) = nullptr;
  std::stop_source stop_;
};

Arrival& TheArrival() {
  static Arrival* const arrival = new Arrival;  // Never deleted: the handler may come at any time.
  return *arrival;
}

// On a thread that the system makes for each event. FALSE leaves the event to the system, which
// ends the program. To return from a handler of CTRL_CLOSE and its like ends it, too.
BOOL WINAPI HandleEvent(DWORD event) {
  StopReason reason = ReasonOf(event);
  const bool ends_on_return = reason.time_left != kNoLimit;
  const std::string name = reason.text;
  if (!TheArrival().Tell(std::move(reason)) && !TheArrival().IsRepeat(name)) return FALSE;
  if (ends_on_return) Sleep(INFINITE);  // main() returns first, or the system loses patience.
  return TRUE;
}

// Listens for the word until something else happens, or there is no more input.
void ListenForWord(std::string_view stop_word) {
  StopWord word(stop_word);
  tools::Input input(tools::kStandardInput);
  std::string bytes;
  while (input.Read(bytes, TheArrival().stop_token()) == tools::Input::Result::kBytes) {
    if (word.Feed(bytes)) TheArrival().Tell({"the stop word"});
    bytes.clear();
  }
}

}  // namespace

// The handler stays: to take it away would wait for one that waits for the program to end.
class StopRequest::Impl {
 public:
  Impl() { SetConsoleCtrlHandler(&HandleEvent, TRUE); }
};

StopRequest::StopRequest() : impl_(std::make_unique<Impl>()) {}
StopRequest::~StopRequest() = default;

StopReason StopRequest::Wait(std::string_view stop_word) {
  if (!stop_word.empty()) ListenForWord(stop_word);
  return TheArrival().Wait();
}

class SecondSignal::Impl {
 public:
  explicit Impl(Tell tell) : tell_(std::move(tell)) { TheArrival().TellOfSecond(&tell_); }
  ~Impl() { TheArrival().TellOfSecond(nullptr); }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

 private:
  const Tell tell_;
};

SecondSignal::SecondSignal(Tell tell) : impl_(std::make_unique<Impl>(std::move(tell))) {}
SecondSignal::~SecondSignal() = default;

}  // namespace piperpc::daemon
