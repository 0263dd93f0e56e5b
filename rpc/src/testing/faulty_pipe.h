// A pipe around another one that goes wrong where it is told to.
#pragma once

#include <atomic>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>

#include "absl/base/thread_annotations.h"
#include "piperpc/internal/mutex.h"
#include "src/base/clock.h"
#include "src/testing/fault_source.h"
#include "src/transport/event_loop.h"
#include "src/transport/pipe.h"

namespace piperpc::testing {

class FaultyPipe;

// The pipes of a transport that are open.
class LivePipes {
 public:
  // As if the peers of all of them had gone. Any thread.
  void CutAll();

  // Packets that are handed on later are handed on now. Any thread.
  void ReleaseAll();

 private:
  friend class FaultyPipe;
  void Add(FaultyPipe& pipe);
  void Remove(FaultyPipe& pipe);  // Nothing the second time.

  internal::Mutex mutex_;
  std::set<FaultyPipe*> pipes_ ABSL_GUARDED_BY(mutex_);
};

class FaultyPipe final : public transport::Pipe,
                         private transport::Pipe::Delegate,
                         private transport::EventLoop::Timer {
 public:
  // What it shares with the other pipes of its transport, which outlives it.
  struct Place {
    FaultSource& faults;
    LivePipes& live;
    std::function<base::TimePoint()> now;  // The time that deadlines and delays are counted in.
  };

  FaultyPipe(std::unique_ptr<transport::Pipe> inner, const Place& place, Side side);
  ~FaultyPipe() override;

  void Attach(transport::EventLoop& loop, transport::Pipe::Delegate& delegate) override;
  void Receive() override;
  absl::StatusOr<transport::SendResult> Send(std::span<const transport::Bytes> slices) override;
  absl::StatusOr<std::size_t> ReceiveUntil(std::span<char> buffer,
                                           base::TimePoint deadline) override;
  bool AllRead() const override { return inner_->AllRead(); }
  void Close(transport::CloseMode mode, absl::AnyInvocable<void()> closed) override;
  std::size_t max_packet_bytes() const override { return inner_->max_packet_bytes(); }
  const Peer& peer() const override { return inner_->peer(); }

 private:
  friend class LivePipes;

  // A packet that is handed on later.
  struct Held {
    std::string bytes;
    base::TimePoint due;
    unsigned releases;  // As many as there were before it was held.
  };

  void OnReceive(transport::Bytes packet) override;
  void OnReceiveError(absl::Status status) override { FailReceive(std::move(status)); }
  void OnSent(absl::Status status) override;
  void OnTimer() override;

  void Cut();
  void Release();
  void HandOn(transport::Bytes packet);
  void FailReceive(absl::Status error);
  void OnFault(const absl::Status& error);
  void Hold(transport::Bytes packet, base::Duration delay, unsigned releases);
  base::TimePoint HeldUntil() const;
  absl::StatusOr<std::size_t> TakeHeld(std::span<char> buffer, base::TimePoint deadline);
  absl::StatusOr<std::size_t> ReceiveOne(std::span<char> buffer, base::TimePoint deadline);
  base::TimePoint NextSlice(base::TimePoint deadline) const;

  const std::unique_ptr<transport::Pipe> inner_;
  const Place place_;
  const Side side_;
  transport::EventLoop* loop_ = nullptr;
  transport::Pipe::Delegate* delegate_ = nullptr;
  std::optional<Held> held_;  // Of who receives.
  std::atomic<unsigned> releases_ = 0;
  std::atomic<bool> peer_gone_ = false;
  bool receiving_ = false;  // The loop's, as the next one.
  bool closing_ = false;

  internal::Mutex cut_mutex_;
  transport::EventLoop* cut_on_ ABSL_GUARDED_BY(cut_mutex_) = nullptr;  // While it is attached.
};

}  // namespace piperpc::testing
