// A pipe on one end of a Win32 named pipe: message type, message read mode, overlapped.
//
// A receive that waits has a small buffer, which most packets fit into; ERROR_MORE_DATA is the
// partial success of a larger one, whose rest is read at once. A write is one message, so its
// slices are joined first. Where it does not fit it stays under way, with a copy of ours when the
// pipe is detached, and is never cancelled but to abort: a cancelled write cuts its message.
//
// An instance serves one client and is closed at the end. It is not disconnected, which would
// discard what the client has not read yet; after CloseHandle the client still reads it.
#pragma once

#include <array>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "src/transport/connection_slots.h"
#include "src/transport/pipe.h"
#include "src/transport/win32/event_loop.h"
#include "src/transport/win32/event_wait.h"

namespace piperpc::transport {

class NamedPipe final : public Pipe {
 public:
  // `handle`: connected, in message read mode. `slot`: empty on the client's side.
  static absl::StatusOr<std::unique_ptr<Pipe>> New(UniqueHandle handle, Peer peer,
                                                   ConnectionSlots::Slot slot);
  ~NamedPipe() override;

  void Attach(EventLoop& loop, Delegate& delegate) override;
  void Receive() override;
  absl::StatusOr<SendResult> Send(std::span<const Bytes> slices) override;
  absl::StatusOr<std::size_t> ReceiveUntil(std::span<char> buffer,
                                           base::TimePoint deadline) override;
  void Close(CloseMode mode, absl::AnyInvocable<void()> closed) override;
  const Peer& peer() const override { return peer_; }

 private:
  struct Closing;

  struct Read final : IocpLoop::Operation {
    explicit Read(NamedPipe& owner) : pipe(owner) {}
    void OnComplete(DWORD error, DWORD bytes) override { pipe.OnRead(error, bytes); }
    NamedPipe& pipe;
    std::array<char, 1024> buffer;
  };

  struct Write final : IocpLoop::Operation {
    explicit Write(NamedPipe& owner) : pipe(owner), wait(*this) {}
    void OnComplete(DWORD, DWORD) override { pipe.OnWritten(); }
    NamedPipe& pipe;
    EventWait wait;
    std::string packet;         // The joined slices, where they had to be.
    std::vector<Bytes> queued;  // Slices that wait for the end of the write before.
    bool under_way = false;
    bool awaited = false;  // The loop will hear of its end.
  };

  NamedPipe(UniqueHandle handle, Peer peer, ConnectionSlots::Slot slot);

  DWORD StartWrite(std::span<const Bytes> slices);
  DWORD FinishWrite(bool wait);
  void AwaitWrite();
  void OnWritten();
  void OnRead(DWORD error, std::size_t bytes);
  void CloseDetached(CloseMode mode);
  void ReleaseWhenQuiet();

  UniqueHandle handle_;
  IocpLoop* loop_ = nullptr;  // Null: detached.
  Delegate* delegate_ = nullptr;
  DWORD attach_error_ = 0;
  bool receiving_ = false;
  Read read_;
  Write write_;
  std::unique_ptr<Closing> closing_;  // Null: open.
  ConnectionSlots::Slot slot_;
  const Peer peer_;
};

}  // namespace piperpc::transport
