#include "simulation/scheduler.h"

#include <algorithm>

namespace piperpc::simulation {
namespace {

// Far more than a run takes.
constexpr std::uint64_t kMostSteps = 2'000'000;

// How often a thread that may have nothing to do looks up although others have, and how often a
// step takes time, per mille.
constexpr std::uint64_t kPolls = 200;
constexpr std::uint64_t kSlowSteps = 20;
constexpr std::chrono::microseconds kSlowStep{300};

}  // namespace

void Scheduler::At(base::TimePoint when, absl::AnyInvocable<void()> event) {
  events_.emplace(std::make_pair(when, ++last_event_), std::move(event));
}

std::thread Scheduler::Start(absl::AnyInvocable<void()> body) {
  auto thread = std::make_shared<TurnThread>();
  threads_.push_back(thread);
  NoteChange();
  return TurnThread::Start(std::move(thread), std::move(body));
}

void Scheduler::BlockUntil(base::TimePoint limit, std::function<bool()> over) {
  Block({limit, std::move(over), false});
}

void Scheduler::BlockForChange(base::TimePoint limit) {
  Block({limit, [this, seen = changes_] { return changes_ != seen; }, true});
}

// The thread that runs the steps takes one more, as often as it must.
void Scheduler::Block(TurnThread::Wait wait) {
  if (TurnThread* const thread = TurnThread::Current()) return thread->Block(std::move(wait));
  while (now() < wait.limit && !wait.over()) {
    trace_.Require(Step(), "nothing waits without a deadline");
  }
}

bool Scheduler::Step() {
  trace_.Require(++steps_ < kMostSteps, "a run comes to its end");
  Choices choices;
  Collect(choices);
  if (!choices.event && choices.loops.empty() && choices.threads.empty() && choices.polls.empty()) {
    return AdvanceTime();
  }
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
    if (!thread->Ready(now())) continue;
    (thread->wait().is_poll ? choices.polls : choices.threads).push_back(thread.get());
  }
}

void Scheduler::Take(const Choices& choices) {
  const std::size_t count = choices.loops.size() + choices.threads.size() + choices.event;
  if (!choices.polls.empty() && (count == 0 || random_.Chance(kPolls))) {
    return Run(*choices.polls[random_.Below(choices.polls.size())]);
  }
  std::size_t index = random_.Below(count);
  if (index < choices.loops.size()) {
    NoteChange();
    return choices.loops[index]->RunOnce();
  }
  index -= choices.loops.size();
  if (index < choices.threads.size()) return Run(*choices.threads[index]);
  RunEvent();
}

void Scheduler::RunEvent() {
  NoteChange();
  auto event = std::move(events_.extract(events_.begin()).mapped());
  event();
}

// A thread that has only looked up has changed nothing, and wakes nobody else who polls.
void Scheduler::Run(TurnThread& thread) {
  const bool looks_up = thread.wait().is_poll && now() < thread.wait().limit;
  if (!looks_up) NoteChange();
  const std::uint64_t before = changes_;
  thread.GiveTurn();
  if (thread.ended() || changes_ != before || !thread.wait().is_poll) NoteChange();
  std::erase_if(threads_, [](const auto& each) { return each->ended(); });
}

bool Scheduler::AdvanceTime() {
  base::TimePoint next = events_.empty() ? base::kNever : events_.begin()->first.first;
  for (testing::SteppedLoop* const loop : loops_) next = std::min(next, loop->next_timer());
  for (const auto& thread : threads_) next = std::min(next, thread->wait().limit);
  if (next == base::kNever) return false;
  clock_.now = std::max(now(), next);
  return true;
}

}  // namespace piperpc::simulation
