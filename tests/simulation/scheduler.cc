#include "simulation/scheduler.h"

#include <algorithm>

namespace piperpc::simulation {
namespace {

// Far more than a run takes.
constexpr std::uint64_t kMostSteps = 2'000'000;

// How often a step takes time, per mille, and how much at the most.
constexpr std::uint64_t kSlowSteps = 20;
constexpr std::chrono::microseconds kSlowStep{300};

}  // namespace

void Scheduler::At(base::TimePoint when, absl::AnyInvocable<void()> event) {
  events_.emplace(std::make_pair(when, ++last_event_), std::move(event));
}

std::thread Scheduler::Start(absl::AnyInvocable<void()> body) {
  auto thread = std::make_shared<TurnThread>();
  threads_.push_back(thread);
  return TurnThread::Start(std::move(thread), std::move(body));
}

// The thread that runs the steps takes one more, as often as it must.
void Scheduler::BlockUntil(base::TimePoint limit, std::function<bool()> over) {
  if (TurnThread* const thread = TurnThread::Current()) {
    return thread->Block({limit, std::move(over)});
  }
  while (now() < limit && !over()) trace_.Require(Step(), "nothing waits without a deadline");
}

bool Scheduler::Step() {
  trace_.Require(++steps_ < kMostSteps, "a run comes to its end");
  Choices choices;
  Collect(choices);
  if (choices.count() == 0) return AdvanceTime();
  if (random_.Chance(kSlowSteps)) clock_.now += random_.Delay(kSlowStep);
  Take(choices);
  return true;
}

void Scheduler::Collect(Choices& choices) {
  choices.event = !events_.empty() && events_.begin()->first.first <= now();
  for (testing::SteppedLoop* const loop : loops_) {
    if (loop->HasWork()) choices.loops.push_back(loop);
  }
  for (const auto& thread : threads_) {
    if (thread->Ready(now())) choices.threads.push_back(thread.get());
  }
}

void Scheduler::Take(const Choices& choices) {
  std::size_t index = random_.Below(choices.count());
  if (index < choices.loops.size()) return choices.loops[index]->RunOnce();
  index -= choices.loops.size();
  if (index < choices.threads.size()) return Run(*choices.threads[index]);
  RunEvent();
}

void Scheduler::RunEvent() {
  auto event = std::move(events_.extract(events_.begin()).mapped());
  event();
}

void Scheduler::Run(TurnThread& thread) {
  thread.GiveTurn();
  std::erase_if(threads_, [](const auto& each) { return each->ended(); });
}

bool Scheduler::AdvanceTime() {
  base::TimePoint next = events_.empty() ? base::kNever : events_.begin()->first.first;
  for (testing::SteppedLoop* const loop : loops_) next = std::min(next, loop->next_timer());
  for (const auto& thread : threads_) next = std::min(next, thread->limit());
  if (next == base::kNever) return false;
  clock_.now = std::max(now(), next);
  return true;
}

}  // namespace piperpc::simulation
