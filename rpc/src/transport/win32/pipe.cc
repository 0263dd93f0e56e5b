#include "src/transport/win32/pipe.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "src/transport/packet_check.h"
#include "src/transport/wait_limit.h"
#include "src/transport/win32/error.h"
#include "src/transport/win32/read.h"

namespace piperpc::transport {
namespace {

// The rest of a message is there with its beginning, unless its writer takes it back in between
// (CancelIoEx). That costs the writer its pipe, and others of the loop no more than this.
constexpr base::Duration kRestLimit = std::chrono::milliseconds(50);

// A buffer above this does not stay with an idle pipe.
constexpr std::size_t kKeptBytes = 4096;

absl::Status WriteStatus(DWORD error) {
  return error == ERROR_SUCCESS ? absl::OkStatus() : PipeError(error, "WriteFile");
}

}  // namespace

// What a pipe needs for its end only.
struct NamedPipe::Closing final : EventLoop::Timer {
  Closing(NamedPipe& owner, absl::AnyInvocable<void()> when_closed)
      : pipe(owner), closed(std::move(when_closed)) {}
  void OnTimer() override { pipe.write_.Cancel(pipe.handle_.get()); }

  NamedPipe& pipe;
  absl::AnyInvocable<void()> closed;
};

absl::StatusOr<std::unique_ptr<Pipe>> NamedPipe::New(UniqueHandle handle, Peer peer,
                                                     ConnectionSlots::Slot slot) {
  std::unique_ptr<NamedPipe> pipe(
      new NamedPipe(std::move(handle), std::move(peer), std::move(slot)));
  if (absl::Status status = pipe->write_.wait.Open(); !status.ok()) return status;
  return pipe;
}

NamedPipe::NamedPipe(UniqueHandle handle, Peer peer, ConnectionSlots::Slot slot)
    : handle_(std::move(handle)),
      read_(*this),
      write_(*this),
      slot_(std::move(slot)),
      peer_(std::move(peer)) {}

NamedPipe::~NamedPipe() {
  if (handle_) CloseDetached(CloseMode::kAbort);
}

void NamedPipe::Attach(EventLoop& loop, Delegate& delegate) {
  loop_ = static_cast<IocpLoop*>(&loop);
  delegate_ = &delegate;
  attach_error_ = loop_->Associate(handle_.get());
}

void NamedPipe::Receive() {
  receiving_ = true;
  DWORD error = attach_error_;
  if (error == ERROR_SUCCESS &&
      !::ReadFile(handle_.get(), read_.buffer.data(), static_cast<DWORD>(read_.buffer.size()),
                  nullptr, read_.Begin())) {
    error = ::GetLastError();
  }
  // The port has a packet for what has ended at once, too.
  const bool started =
      error == ERROR_SUCCESS || error == ERROR_IO_PENDING || error == ERROR_MORE_DATA;
  if (!started) loop_->Complete(read_, error);
}

absl::StatusOr<SendResult> NamedPipe::Send(std::span<const Bytes> slices) {
  if (absl::Status status = CheckPacket(slices); !status.ok()) return status;
  if (write_.under_way) {  // Since the pipe was detached.
    const DWORD error = FinishWrite(false);
    if (error == ERROR_IO_INCOMPLETE) {
      if (loop_ == nullptr) return SendResult::kWouldBlock;
      write_.queued.assign(slices.begin(), slices.end());
      AwaitWrite();
      return SendResult::kPending;
    }
    if (error != ERROR_SUCCESS) return WriteStatus(error);
  }
  const DWORD error = StartWrite(slices);
  if (error == ERROR_SUCCESS) return SendResult::kSent;
  if (error != ERROR_IO_PENDING) return WriteStatus(error);
  if (loop_ == nullptr) return SendResult::kSent;  // We have a copy.
  AwaitWrite();
  return SendResult::kPending;
}

// As WriteFile: ERROR_IO_PENDING when the write is under way.
DWORD NamedPipe::StartWrite(std::span<const Bytes> slices) {
  Bytes packet = slices.front();
  if (loop_ == nullptr || slices.size() > 1) {
    write_.packet.clear();
    write_.packet.reserve(PacketSize(slices));
    for (const Bytes slice : slices) write_.packet.append(slice.data(), slice.size());
    packet = write_.packet;
  }
  write_.under_way = true;
  if (!::WriteFile(handle_.get(), packet.data(), static_cast<DWORD>(packet.size()), nullptr,
                   write_.Begin(write_.wait.event()))) {
    const DWORD error = ::GetLastError();
    write_.under_way = error == ERROR_IO_PENDING;
    return error;
  }
  return FinishWrite(false);
}

// ERROR_IO_INCOMPLETE: it is still under way.
DWORD NamedPipe::FinishWrite(bool wait) {
  DWORD bytes = 0;
  const DWORD error = write_.Result(handle_.get(), wait, bytes);
  if (error == ERROR_IO_INCOMPLETE) return error;
  write_.under_way = false;
  if (write_.packet.capacity() > kKeptBytes) write_.packet = {};
  return error;
}

void NamedPipe::AwaitWrite() {
  write_.awaited = true;
  write_.wait.Arm(*loop_);
}

void NamedPipe::OnWritten() {
  write_.awaited = false;
  DWORD error = FinishWrite(false);
  if (closing_ != nullptr) return ReleaseWhenQuiet();
  if (error == ERROR_SUCCESS && !write_.queued.empty()) {
    error = StartWrite(std::exchange(write_.queued, {}));
    if (error == ERROR_IO_PENDING) return AwaitWrite();
  }
  write_.queued = {};
  delegate_->OnSent(WriteStatus(error));
}

absl::StatusOr<std::size_t> NamedPipe::ReceiveUntil(std::span<char> buffer,
                                                    base::TimePoint deadline) {
  std::size_t bytes = 0;
  const DWORD error = ReadUntil(
      handle_.get(), buffer.first(std::min(buffer.size(), kMaxPacketBytes)), deadline, bytes);
  if (absl::Status status = CheckRead(handle_.get(), error, bytes); !status.ok()) return status;
  return bytes;
}

void NamedPipe::OnRead(DWORD error, std::size_t bytes) {
  receiving_ = false;
  if (closing_ != nullptr) return ReleaseWhenQuiet();
  // Not in the buffer of the read: OnReceive() may start the next one.
  char* const packet = loop_->packet_space();
  std::memcpy(packet, read_.buffer.data(), bytes);
  if (error == ERROR_MORE_DATA) {
    std::size_t rest = 0;
    error = ReadUntil(handle_.get(), {packet + bytes, kMaxPacketBytes - bytes},
                      base::After(kRestLimit), rest);
    bytes += rest;
  }
  if (absl::Status status = CheckRead(handle_.get(), error, bytes); !status.ok()) {
    delegate_->OnReceiveError(std::move(status));
  } else {
    delegate_->OnReceive({packet, bytes});
  }
}

void NamedPipe::Close(CloseMode mode, absl::AnyInvocable<void()> closed) {
  if (loop_ == nullptr) {
    CloseDetached(mode);
    return closed();
  }
  closing_ = std::make_unique<Closing>(*this, std::move(closed));
  write_.queued = {};
  if (receiving_) read_.Cancel(handle_.get());
  if (write_.under_way) {
    if (!write_.awaited) AwaitWrite();
    if (mode == CloseMode::kAbort) {
      write_.Cancel(handle_.get());
    } else {
      loop_->Schedule(*closing_, base::After(kDrainLimit));
    }
  }
  ReleaseWhenQuiet();
}

void NamedPipe::CloseDetached(CloseMode mode) {
  if (write_.under_way) {
    if (mode == CloseMode::kDrain) {
      const base::TimePoint limit = base::After(kDrainLimit);
      ::WaitForSingleObject(write_.wait.event(),
                            static_cast<DWORD>(MillisecondsUntil(limit, INFINITE - 1)));
    }
    write_.Cancel(handle_.get());  // Nothing when it has ended.
    FinishWrite(true);
  }
  handle_.Reset();
  slot_.Reset();
}

// Cancelled I/O ends with a packet, too, and its buffers are the system's until then.
void NamedPipe::ReleaseWhenQuiet() {
  if (receiving_ || write_.under_way) return;
  loop_->Cancel(*closing_);
  handle_.Reset();
  loop_->Post([this] {
    slot_.Reset();
    const auto closing = std::move(closing_);
    closing->closed();
  });
}

}  // namespace piperpc::transport
