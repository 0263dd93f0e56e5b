// The thread of a channel, or of several: an event loop, and the transport that it is of.
#pragma once

#include <memory>

#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "piperpc/io_thread.h"
#include "src/base/clock.h"
#include "src/base/process.h"
#include "src/connection/loop_executor.h"
#include "src/transport/event_loop.h"
#include "src/transport/transport.h"

namespace piperpc {

class IoThread {
 public:
  // The system's error when it refuses a loop.
  static absl::StatusOr<std::shared_ptr<IoThread>> Start(
      transport::Transport& transport, const transport::EventLoop::SpinOptions& spin);

  IoThread(transport::Transport& transport, std::unique_ptr<transport::EventLoop> loop);

  transport::Transport& transport() { return transport_; }
  transport::EventLoop& loop() { return thread_.loop(); }
  const base::ProcessMark& mark() const { return mark_; }

  // Runs `work` on the loop, after all that was posted before, and waits for it. Not on the loop.
  void RunAndWait(absl::AnyInvocable<void()> work);

 private:
  static void EndElsewhere(IoThread* ended);

  const std::shared_ptr<transport::Transport> shared_;  // Kept alive, where that is possible.
  transport::Transport& transport_;
  connection::LoopThread thread_;
  base::ProcessMark mark_;
};

}  // namespace piperpc
