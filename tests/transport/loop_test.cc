// Loops: posted work, timers, deferred work, stop.
#include <deque>

#include "fixture.h"
#include "support/eventually.h"

namespace piperpc::transport {
namespace {

using LoopTest = TransportTest;

struct TestTimer final : EventLoop::Timer {
  explicit TestTimer(std::function<void()> function) : work(std::move(function)) {}
  void OnTimer() override { work(); }
  std::function<void()> work;
};

struct TestDeferred final : EventLoop::Deferred {
  explicit TestDeferred(std::function<void()> function) : work(std::move(function)) {}
  void OnIterationEnd() override { work(); }
  std::function<void()> work;
};

TEST_P(LoopTest, RunsPostedWorkInTheOrderOfEachThread) {
  constexpr int kThreads = 4;
  constexpr int kEach = 500;
  std::vector<std::vector<int>> seen(kThreads);
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < kEach; ++i) {
        server_loop_->loop().Post([&seen, t, i] { seen[t].push_back(i); });
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  server_loop_->Do([] {});
  for (const std::vector<int>& order : seen) {
    ASSERT_EQ(order.size(), static_cast<std::size_t>(kEach));
    EXPECT_TRUE(std::is_sorted(order.begin(), order.end()));
  }
}

TEST_P(LoopTest, NeverRunsPostedWorkInPlace) {
  bool ran = false;
  server_loop_->Do([&] {
    server_loop_->loop().Post([&ran] { ran = true; });
    EXPECT_FALSE(ran);
  });
  server_loop_->Do([&] { EXPECT_TRUE(ran); });
}

TEST_P(LoopTest, KnowsItsOwnThread) {
  EXPECT_FALSE(server_loop_->loop().InLoop());
  server_loop_->Do([&] {
    EXPECT_TRUE(server_loop_->loop().InLoop());
    EXPECT_FALSE(client_loop_->loop().InLoop());
  });
}

TEST_P(LoopTest, FiresTimersInTheirOrderAndNotTooEarly) {
  EventLoop& loop = server_loop_->loop();
  Monitor monitor;
  std::vector<int> order;
  std::vector<std::unique_ptr<TestTimer>> timers;
  const base::TimePoint start = base::Clock::now();
  server_loop_->Do([&] {
    for (const int delay : {30, 10, 20, 0, 25}) {
      timers.push_back(std::make_unique<TestTimer>([&, delay] {
        EXPECT_GE(base::Clock::now(), start + std::chrono::milliseconds(delay));
        monitor.Change([&] { order.push_back(delay); });
      }));
      loop.Schedule(*timers.back(), start + std::chrono::milliseconds(delay));
    }
  });
  monitor.WaitFor([&] { return order.size() == 5; });
  EXPECT_EQ(order, (std::vector<int>{0, 10, 20, 25, 30}));
}

TEST_P(LoopTest, CancelsAndMovesTimers) {
  EventLoop& loop = server_loop_->loop();
  Monitor monitor;
  std::string fired;
  const auto fire = [&](char name) { monitor.Change([&] { fired += name; }); };
  TestTimer cancelled([&] { fire('c'); });
  TestTimer sooner([&] { fire('s'); });
  TestTimer later([&] { fire('l'); });
  TestTimer never([&] { fire('n'); });
  server_loop_->Do([&] {
    const base::TimePoint now = base::Clock::now();
    loop.Schedule(cancelled, now + std::chrono::milliseconds(1));
    loop.Schedule(later, now + std::chrono::milliseconds(1));
    loop.Schedule(sooner, now + kPatience);
    loop.Schedule(never, base::kNever);
    loop.Schedule(later, now + std::chrono::milliseconds(40));
    loop.Schedule(sooner, now + std::chrono::milliseconds(20));
    loop.Cancel(cancelled);
    EXPECT_FALSE(cancelled.scheduled());
    EXPECT_TRUE(later.scheduled());
    loop.Cancel(cancelled);  // Nothing.
  });
  monitor.WaitFor([&] { return fired.size() == 2; });
  EXPECT_EQ(fired, "sl");
  server_loop_->Do([&] { loop.Cancel(never); });
}

TEST_P(LoopTest, LetsATimerSetItselfAgainWithoutHoldingUpTheRest) {
  EventLoop& loop = server_loop_->loop();
  Monitor monitor;
  int count = 0;
  TestTimer* self = nullptr;
  TestTimer timer([&] {
    monitor.Change([&] { ++count; });
    loop.Schedule(*self, base::Clock::now());
  });
  self = &timer;
  server_loop_->Do([&] { loop.Schedule(timer, base::Clock::now()); });
  monitor.WaitFor([&] { return count > 10; });
  server_loop_->Do([&] { loop.Cancel(timer); });
}

TEST_P(LoopTest, LetsOthersInBetweenTimersThatAreDueAtOnce) {
  constexpr int kTimers = 3000;
  EventLoop& loop = server_loop_->loop();
  Monitor monitor;
  int fired = 0;
  int fired_before_others = kTimers;
  std::deque<TestTimer> timers;
  for (int i = 0; i < kTimers; ++i) {
    timers.emplace_back([&] {
      monitor.Change([&] { ++fired; });
      if (fired == 1) loop.Post([&] { fired_before_others = fired; });
    });
  }
  server_loop_->Do([&] {
    for (TestTimer& timer : timers) loop.Schedule(timer, base::Clock::now());
  });
  monitor.WaitFor([&] { return fired == kTimers; });
  server_loop_->Do([&] { EXPECT_LT(fired_before_others, kTimers); });
}

TEST_P(LoopTest, RunsDeferredWorkOnceAtTheEndOfATurn) {
  EventLoop& loop = server_loop_->loop();
  int ran = 0;
  TestDeferred work([&] { ++ran; });
  TestDeferred removed([&] { ADD_FAILURE() << "was taken back"; });
  server_loop_->Do([&] {
    loop.Defer(work);
    loop.Defer(removed);
    loop.Defer(work);
    loop.Undefer(removed);
    loop.Undefer(removed);  // Nothing.
    EXPECT_EQ(ran, 0);
  });
  server_loop_->Do([&] { EXPECT_EQ(ran, 1); });
  server_loop_->Do([&] { EXPECT_EQ(ran, 1); });
}

TEST_P(LoopTest, RunsWhatDeferredWorkDefersInTheSameTurnInOrder) {
  EventLoop& loop = server_loop_->loop();
  std::string order;
  TestDeferred second([&] { order += '2'; });
  TestDeferred third([&] { order += '3'; });
  TestDeferred first([&] {
    order += '1';
    loop.Defer(third);
  });
  server_loop_->Do([&] {
    loop.Defer(first);
    loop.Defer(second);
  });
  server_loop_->Do([&] { EXPECT_EQ(order, "123"); });
}

TEST_P(LoopTest, IsNotHeldUpByWorkThatDefersItselfForEver) {
  EventLoop& loop = server_loop_->loop();
  TestDeferred* self = nullptr;
  TestDeferred work([&] { loop.Defer(*self); });
  self = &work;
  server_loop_->Do([&] { loop.Defer(work); });
  server_loop_->Do([&] { loop.Undefer(work); });
}

TEST_P(LoopTest, StopsFromAnotherThreadAfterTheWorkPostedBefore) {
  bool ran = false;
  client_loop_->loop().Post([&] { ran = true; });
  client_loop_->Stop();
  EXPECT_TRUE(ran);
}

TEST_P(LoopTest, ThatSpinsRunsWorkAndTimersAndStops) {
  for (const EventLoop::SpinOptions& options :
       {EventLoop::SpinOptions{.always = std::chrono::milliseconds(5)}, {.adaptive = true}}) {
    LoopThread spinning(*transport_);
    EventLoop& loop = spinning.loop();
    loop.set_spin(options);
    spinning.Start();
    Monitor monitor;
    int ran = 0;
    const auto count = [&] { monitor.Change([&] { ++ran; }); };
    TestTimer within(count);
    TestTimer after(count);
    loop.Post([&] {
      loop.Schedule(within, base::After(std::chrono::milliseconds(1)));
      loop.Schedule(after, base::After(std::chrono::milliseconds(20)));
    });
    monitor.WaitFor([&] { return ran == 2; });
    for (int i = 0; i < 1000; ++i) spinning.Do(count);
    EXPECT_EQ(ran, 1002);
  }
}

TEST_P(LoopTest, StopsFromItsOwnThread) {
  LoopThread loop(*transport_);
  loop.loop().Post([&] { loop.loop().Stop(); });
  loop.loop().Run();
}

PIPERPC_FOR_EACH_TRANSPORT(LoopTest);

// Like memory that another process writes to: it wakes the loop only where it sleeps.
class Mailbox final : public EventLoop::Polled {
 public:
  explicit Mailbox(EventLoop& loop) : loop_(loop) {}

  void Put() {  // Any thread.
    ++put_;
    if (wakes_.exchange(false)) loop_.Post([] {});
  }
  int taken() const { return taken_; }

  bool Poll() override {
    wakes_ = false;
    const int there = put_;
    return taken_.exchange(there) != there;
  }
  bool MaySleep() override {
    wakes_ = true;
    return put_ == taken_;
  }

 private:
  EventLoop& loop_;
  std::atomic<int> put_ = 0;
  std::atomic<bool> wakes_ = false;
  std::atomic<int> taken_ = 0;
};

TEST_P(LoopTest, LooksAtASourceUntilItIsRemoved) {
  EventLoop& loop = server_loop_->loop();
  Mailbox mailbox(loop);
  server_loop_->Do([&] { loop.AddPolled(mailbox); });
  for (int i = 1; i <= 1000; ++i) {
    mailbox.Put();
    ASSERT_TRUE(testing::Eventually([&] { return mailbox.taken() == i; }));
  }
  server_loop_->Do([&] { loop.RemovePolled(mailbox); });
  mailbox.Put();
  server_loop_->Do([] {});
  EXPECT_EQ(mailbox.taken(), 1000);
}

}  // namespace
}  // namespace piperpc::transport
