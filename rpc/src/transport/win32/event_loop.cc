#include "src/transport/win32/event_loop.h"

#include <windows.h>
#include <winternl.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "src/transport/pipe.h"
#include "src/transport/wait_limit.h"
#include "src/transport/win32/error.h"

namespace piperpc::transport {
namespace {

// The completion keys. They tell where the result of an operation is.
constexpr ULONG_PTR kFromSystem = 0;  // In its OVERLAPPED.
constexpr ULONG_PTR kFromUs = 1;      // In the packet.

// The loop looks at least this often whether something could not be posted, nor it be woken.
constexpr base::Duration kLongestWait = std::chrono::seconds(1);

}  // namespace

OVERLAPPED* IocpLoop::Operation::Begin(HANDLE event) {
  OVERLAPPED& overlapped = *this;
  overlapped = {};
  // The lowest bit keeps the packet away from the port: GetQueuedCompletionStatus, lpOverlapped.
  if (event != nullptr) hEvent = reinterpret_cast<HANDLE>(reinterpret_cast<ULONG_PTR>(event) | 1);
  return &overlapped;
}

DWORD IocpLoop::Operation::Result(HANDLE file, bool wait, DWORD& bytes) {
  if (::GetOverlappedResult(file, this, &bytes, wait ? TRUE : FALSE)) return ERROR_SUCCESS;
  return ::GetLastError();
}

absl::StatusOr<std::unique_ptr<EventLoop>> IocpLoop::New() {
  UniqueHandle port(::CreateIoCompletionPort(INVALID_HANDLE_VALUE, nullptr, 0, 1));
  if (!port) return PipeError(::GetLastError(), "CreateIoCompletionPort");
  return std::unique_ptr<EventLoop>(new IocpLoop(std::move(port)));
}

IocpLoop::IocpLoop(UniqueHandle port)
    : port_(std::move(port)), packet_space_(base::NewPageOffsetBuffer(kMaxPacketBytes)) {}

DWORD IocpLoop::Associate(HANDLE file) {
  const HANDLE port = ::CreateIoCompletionPort(file, port_.get(), kFromSystem, 0);
  return port == nullptr ? ::GetLastError() : ERROR_SUCCESS;
}

// A packet takes memory of the system, which may have none: the operation must end all the same.
void IocpLoop::Complete(Operation& operation, DWORD error) {
  if (!::PostQueuedCompletionStatus(port_.get(), error, kFromUs, &operation)) {
    Keep(operation, error);
  }
}

void IocpLoop::Keep(Operation& operation, DWORD error) {
  operation.kept_error_ = error;
  operation.next_kept_ = kept_.load(std::memory_order_relaxed);
  while (!kept_.compare_exchange_weak(operation.next_kept_, &operation, std::memory_order_release,
                                      std::memory_order_relaxed)) {
  }
}

// Oldest first. An operation may be begun anew, or go away, as it completes.
bool IocpLoop::DeliverKept() {
  if (kept_.load(std::memory_order_relaxed) == nullptr) return false;
  Operation* newest_first = kept_.exchange(nullptr, std::memory_order_acquire);
  Operation* oldest_first = nullptr;
  while (newest_first != nullptr) {
    Operation* const next = newest_first->next_kept_;
    newest_first->next_kept_ = std::exchange(oldest_first, newest_first);
    newest_first = next;
  }
  while (oldest_first != nullptr) {
    Operation& operation = *oldest_first;
    oldest_first = operation.next_kept_;
    operation.OnComplete(operation.kept_error_, 0);
  }
  return true;
}

bool IocpLoop::Wait(base::TimePoint limit) {
  if (DeliverKept()) return true;
  limit = std::min(limit, base::After(kLongestWait));
  const DWORD milliseconds = static_cast<DWORD>(MillisecondsUntil(limit, INFINITE - 1));
  ULONG count = 0;
  if (!::GetQueuedCompletionStatusEx(port_.get(), entries_.data(),
                                     static_cast<ULONG>(entries_.size()), &count, milliseconds,
                                     FALSE)) {
    return false;
  }
  for (ULONG i = 0; i < count; ++i) {
    const OVERLAPPED_ENTRY& entry = entries_[i];
    if (entry.lpOverlapped == nullptr) continue;  // Wake()
    auto& operation = static_cast<Operation&>(*entry.lpOverlapped);
    if (entry.lpCompletionKey == kFromUs) {
      operation.OnComplete(entry.dwNumberOfBytesTransferred, 0);
    } else {
      const auto status = static_cast<NTSTATUS>(operation.Internal);
      operation.OnComplete(::RtlNtStatusToDosError(status), entry.dwNumberOfBytesTransferred);
    }
  }
  return true;
}

void IocpLoop::Wake() { ::PostQueuedCompletionStatus(port_.get(), 0, kFromUs, nullptr); }

}  // namespace piperpc::transport
