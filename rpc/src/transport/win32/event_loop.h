// The loop on an I/O completion port.
#pragma once

#include <windows.h>

#include <array>
#include <atomic>
#include <memory>

#include "absl/status/statusor.h"
#include "src/base/page_offset_buffer.h"
#include "src/transport/loop/loop_base.h"
#include "src/transport/win32/handle.h"

namespace piperpc::transport {

class IocpLoop final : public LoopBase {
 public:
  // Overlapped I/O that ends with a packet of the port. It owns its OVERLAPPED, so it must not go
  // away from the start of the I/O until OnComplete().
  class Operation : protected OVERLAPPED {
   public:
    Operation() : OVERLAPPED{} {}
    Operation(const Operation&) = delete;
    Operation& operator=(const Operation&) = delete;

    // The OVERLAPPED for a new call. `event`: null, or signaled at the end in place of a packet.
    OVERLAPPED* Begin(HANDLE event = nullptr);

    // Waits for the end of I/O that has an event. 0 or the error, and what was transferred.
    DWORD Result(HANDLE file, bool wait, DWORD& bytes);

    void Cancel(HANDLE file) { ::CancelIoEx(file, this); }

   protected:
    ~Operation() = default;

   private:
    friend class IocpLoop;
    Operation* next_kept_ = nullptr;
    DWORD kept_error_ = 0;
    virtual void OnComplete(DWORD error, DWORD bytes) = 0;  // Loop thread.
  };

  static absl::StatusOr<std::unique_ptr<EventLoop>> New();

  std::string_view name() const override { return "iocp"; }

  // Lets all later I/O on `file` that has no event end here; for good. 0 or an error. Any thread.
  DWORD Associate(HANDLE file);

  // Ends an operation that the system has no packet for. Any thread.
  void Complete(Operation& operation, DWORD error);

  // Room for one packet, for the delivery that is going on. Loop thread.
  char* packet_space() const { return packet_space_.get(); }

 private:
  explicit IocpLoop(UniqueHandle port);

  bool Wait(base::TimePoint limit) override;
  void Wake() override;
  void Keep(Operation& operation, DWORD error);
  bool DeliverKept();

  UniqueHandle port_;
  // What the system had no memory to post: newest first, linked in the operations themselves.
  std::atomic<Operation*> kept_ = nullptr;
  std::array<OVERLAPPED_ENTRY, 128> entries_;
  // One for all pipes of the loop: an idle connection holds only a small buffer.
  const base::PageOffsetBuffer packet_space_;
};

}  // namespace piperpc::transport
