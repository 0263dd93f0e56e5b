// The loop on io_uring(7).
//
// Each receive is one request that takes a buffer only when its packet is there, so that idle
// connections hold none. Requests are gathered and handed to the kernel by the call that waits. A
// receive is not repeated by the kernel of its own accord (multishot): a packet that nobody asked
// for must stay in the socket, where ReceiveUntil() of another thread finds it.
#pragma once

#include <liburing.h>

#include <cstddef>
#include <cstdlib>
#include <deque>
#include <memory>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "src/base/page_offset_buffer.h"
#include "src/transport/linux/socket_loop.h"

namespace piperpc::transport {

class UringLoop final : public SocketLoop {
 public:
  // FAILED_PRECONDITION with the reason where the system refuses io_uring or its kernel is too old
  // (6.1 is wanted), RESOURCE_EXHAUSTED where descriptors or memory are used up. All calls of Run()
  // must come from one thread.
  static absl::StatusOr<std::unique_ptr<EventLoop>> New();

  // That, for the step that has failed.
  static absl::Status Refused(int error, const char* step);

  ~UringLoop() override;

  std::string_view name() const override { return "io_uring"; }
  void Start(Source& source, Operation operation) override;
  void Release(Source& source) override;

  // For one who tries whether the system lets a loop work: it stops at the first error that the
  // kernel has for the loop itself, which is error() then. 0: none so far.
  void StopOnError() { stop_on_error_ = true; }
  int error() const { return error_; }

 private:
  struct Free {
    void operator()(void* memory) const { std::free(memory); }
  };
  using Pages = std::unique_ptr<void, Free>;

  UringLoop() = default;
  absl::Status Open();
  absl::Status OpenBuffers();
  absl::Status AskForRest();

  bool Wait(base::TimePoint limit) override;
  void Wake() override;

  void Enable();
  void Note(int error);
  int SubmitAndWait(base::TimePoint limit);
  void OnWaited(int result);
  io_uring_sqe& NextRequest();
  bool MoveUp();
  void WatchWake();
  void Submit(Source& source, Operation operation);
  void OnCompletion(const io_uring_cqe& completion);
  void OnCancelled(int result);
  void Finish(Source& source, Operation operation, const io_uring_cqe& completion);
  void FinishReceive(Source& source, const io_uring_cqe& completion);
  void FreeBuffer(unsigned id);
  char* Buffer(unsigned id) const;

  io_uring ring_ = {};
  bool open_ = false;
  bool enabled_ = false;
  int error_ = 0;
  bool stop_on_error_ = false;
  std::deque<io_uring_sqe> in_line_;
  UniqueFd wake_;
  Pages buffer_ring_;
  base::PageOffsetBuffer buffers_;
};

}  // namespace piperpc::transport
