// What signals that interrupt system calls must not change.
#include <sys/socket.h>
#include <sys/time.h>

#include <csignal>

#include "fixture.h"

namespace piperpc::transport {
namespace {

// A signal every 10 ms, which interrupts whatever this process waits in.
class Interruptions {
 public:
  Interruptions() {
    struct sigaction action = {};
    action.sa_handler = [](int) {};  // No SA_RESTART.
    ::sigaction(SIGALRM, &action, &before_);
    Set(10'000);
  }
  ~Interruptions() {
    Set(0);
    ::sigaction(SIGALRM, &before_, nullptr);
  }

 private:
  static void Set(suseconds_t microseconds) {
    const timeval each = {.tv_sec = 0, .tv_usec = microseconds};
    const itimerval timer = {.it_interval = each, .it_value = each};
    ::setitimer(ITIMER_REAL, &timer, nullptr);
  }

  struct sigaction before_ = {};
};

class SignalsTest : public TransportTest {
 protected:
  // All other threads are there already; they must not take the signals.
  SignalsTest() {
    sigset_t alarm;
    ::sigemptyset(&alarm);
    ::sigaddset(&alarm, SIGALRM);
    ::pthread_sigmask(SIG_BLOCK, &alarm, nullptr);
  }
  static void TakeSignals() {
    sigset_t alarm;
    ::sigemptyset(&alarm);
    ::sigaddset(&alarm, SIGALRM);
    ::pthread_sigmask(SIG_UNBLOCK, &alarm, nullptr);
  }
};

// Without an end of its own the receive went on until it was not interrupted for its whole time.
TEST_P(SignalsTest, DoNotPutOffTheDeadlineOfAReceive) {
  Ends ends = NewEnds();
  TakeSignals();
  {
    const Interruptions interruptions;
    const base::TimePoint begin = base::Clock::now();
    EXPECT_EQ(ends.client->ReceiveUntil(base::After(std::chrono::milliseconds(200), begin))
                  .status()
                  .code(),
              absl::StatusCode::kDeadlineExceeded);
    const base::TimePoint end = base::Clock::now();
    EXPECT_GE(end - begin, std::chrono::milliseconds(200));
    EXPECT_LT(end - begin, std::chrono::seconds(20));
  }
}

TEST_P(SignalsTest, DoNotEndAReceive) {
  Ends ends = NewEnds();
  TakeSignals();
  const Interruptions interruptions;
  for (const int milliseconds : {10, 100, 300}) {
    EXPECT_EQ(ends.client->ReceiveUntil(base::After(std::chrono::milliseconds(milliseconds)))
                  .status()
                  .code(),
              absl::StatusCode::kDeadlineExceeded);
  }
  ends.server->MustSend("still here");
  EXPECT_EQ(*ends.client->ReceiveUntil(Soon()), "still here");
}

TEST_P(SignalsTest, DoNotPutOffTheEndOfAClose) {
  Ends ends = NewEnds();
  TakeSignals();
  const Interruptions interruptions;
  ends.client->Close(CloseMode::kDrain);  // The other side never closes.
}

TEST_P(SignalsTest, DoNotDisturbALoop) {
  TakeSignals();
  std::unique_ptr<EventLoop> loop = *transport_->NewLoop();
  struct : EventLoop::Timer {
    void OnTimer() override {
      if (++count == 30) return owner->Stop();
      owner->Schedule(*this, base::After(std::chrono::milliseconds(5)));
    }
    EventLoop* owner = nullptr;
    int count = 0;
  } timer;
  timer.owner = loop.get();
  loop->Post([&] { timer.OnTimer(); });
  const Interruptions interruptions;
  loop->Run();
  EXPECT_EQ(timer.count, 30);
}

PIPERPC_FOR_EACH_TRANSPORT(SignalsTest);

}  // namespace
}  // namespace piperpc::transport
