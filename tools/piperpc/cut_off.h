// Lets Ctrl-C and --timeout end operations that block.
#pragma once

#include <atomic>
#include <functional>
#include <optional>
#include <stop_token>
#include <string_view>
#include <thread>

#include "tools/piperpc/command_deadline.h"
#include "tools/piperpc/failure.h"

namespace piperpc::cli {

// Runs `cancel` when `deadline` ends, so that what a command is blocked in returns:
//
//     CutOff cut_off(deadline, [&] { call.Cancel(); });
//     const Outcome begun = cut_off.Begin();
//     if (!begun.ok()) return begun;
//     const bool written = call.Write(message);
//     const Outcome cut = cut_off.Finish("sending");
//
// One thread uses it.
class CutOff {
 public:
  // `cancel` runs on any thread, at most once, and must not block. What it uses, and `deadline`,
  // must outlive this.
  CutOff(const CommandDeadline& deadline, std::function<void()> cancel);
  ~CutOff();
  CutOff(const CutOff&) = delete;
  CutOff& operator=(const CutOff&) = delete;

  // From now on `cancel` may run. To be called once. An error: the system refuses the thread that
  // watches the time, which is needed when `deadline` has a limit.
  Outcome Begin();

  // From now on `cancel` does not run. OK when it has not run; otherwise the reason: Ctrl-C, or the
  // deadline has passed while `doing`.
  Outcome Finish(std::string_view doing);

 private:
  void Cancel();
  void WatchTime();
  void EndWatches();

  const CommandDeadline& deadline_;
  const std::function<void()> cancel_;
  std::atomic<bool> cancelled_ = false;
  std::optional<std::stop_callback<std::function<void()>>> on_stop_;
  std::stop_source finished_;
  std::thread thread_;
};

}  // namespace piperpc::cli
