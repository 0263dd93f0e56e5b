#include "src/client/io_thread.h"

#include <future>
#include <utility>

#include "piperpc/internal/threads.h"
#include "src/base/ranges.h"
#include "src/transport/event_loop.h"

namespace piperpc {

absl::StatusOr<std::shared_ptr<IoThread>> StartIoThread(IoThreadOptions options) {
  const base::Range range = base::SpinRange(options.spin);
  if (absl::Status status = base::CheckRanges("I/O thread", {&range, 1}); !status.ok())
    return status;
  const auto spin = transport::EventLoop::SpinOf(options);
  if (options.transport != nullptr) return IoThread::Start(*options.transport, spin);
  const auto system = transport::SystemTransport(options.backend);
  if (!system.ok()) return system.status();
  return IoThread::Start(**system, spin);
}

absl::StatusOr<std::shared_ptr<IoThread>> IoThread::Start(
    transport::Transport& transport, const transport::EventLoop::SpinOptions& spin) {
  auto loop = transport.NewLoop();
  if (!loop.ok()) return loop.status();
  (*loop)->set_spin(spin);
  const std::shared_ptr<IoThread> started(new IoThread(transport, *std::move(loop)), &EndElsewhere);
  if (absl::Status status = started->thread_.Start(); !status.ok()) return status;
  return started;
}

// No event loop's thread waits for a thread, its own least of all. Where the system refuses another
// one, it goes on. In a child of fork() there is no thread to wait for, and the loop is the
// parent's.
void IoThread::EndElsewhere(IoThread* ended) {
  if (ended->mark().foreign()) return base::KeepForever(ended);
  if (Executor::Current() == nullptr) {
    delete ended;
    return;
  }
  auto thread =
      internal::StartThread("the thread that ends an I/O thread", [ended] { delete ended; });
  if (thread.ok()) thread->detach();
}

IoThread::IoThread(transport::Transport& transport, std::unique_ptr<transport::EventLoop> loop)
    : shared_(transport.Share()), transport_(transport), thread_(std::move(loop)) {
  mark_.Claim();
}

void IoThread::RunAndWait(absl::AnyInvocable<void()> work) {
  std::promise<void> done;
  loop().Post([&] {
    work();
    done.set_value();
  });
  done.get_future().wait();
}

}  // namespace piperpc
