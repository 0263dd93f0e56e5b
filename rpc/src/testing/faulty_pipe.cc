#include "src/testing/faulty_pipe.h"

#include <algorithm>
#include <thread>
#include <utility>

namespace piperpc::testing {
namespace {

using transport::Bytes;
using transport::SendResult;

// A caller that receives looks this often what has become of the pipe, and of the time, which may
// be a test's.
constexpr base::Duration kSlice = std::chrono::milliseconds(2);

absl::Status PeerGone() { return absl::UnavailableError("a fault: the peer has closed the pipe"); }

}  // namespace

void LivePipes::Add(FaultyPipe& pipe) {
  const internal::MutexLock lock(mutex_);
  pipes_.insert(&pipe);
}

void LivePipes::Remove(FaultyPipe& pipe) {
  const internal::MutexLock lock(mutex_);
  pipes_.erase(&pipe);
}

void LivePipes::CutAll() {
  const internal::MutexLock lock(mutex_);
  for (FaultyPipe* const pipe : pipes_) pipe->Cut();
}

void LivePipes::ReleaseAll() {
  const internal::MutexLock lock(mutex_);
  for (FaultyPipe* const pipe : pipes_) pipe->Release();
}

FaultyPipe::FaultyPipe(std::unique_ptr<Pipe> inner, const Place& place, Side side)
    : inner_(std::move(inner)), place_(place), side_(side) {
  place_.live.Add(*this);
}

FaultyPipe::~FaultyPipe() { place_.live.Remove(*this); }

void FaultyPipe::Attach(transport::EventLoop& loop, Pipe::Delegate& delegate) {
  loop_ = &loop;
  delegate_ = &delegate;
  {
    const internal::MutexLock lock(cut_mutex_);
    cut_on_ = &loop;
  }
  inner_->Attach(loop, *this);
}

// What was cut on the loop's thread or another one ends the receive that is outstanding then.
void FaultyPipe::Cut() {
  peer_gone_ = true;
  const internal::MutexLock lock(cut_mutex_);
  if (cut_on_ != nullptr) cut_on_->Post([this] { FailReceive(PeerGone()); });
}

// A caller that receives sees it when it looks again.
void FaultyPipe::Release() {
  ++releases_;
  const internal::MutexLock lock(cut_mutex_);
  if (cut_on_ == nullptr) return;
  cut_on_->Post([this] {
    if (scheduled()) loop_->Schedule(*this, HeldUntil());
  });
}

void FaultyPipe::Close(transport::CloseMode mode, absl::AnyInvocable<void()> closed) {
  closing_ = true;
  place_.live.Remove(*this);
  {
    const internal::MutexLock lock(cut_mutex_);
    cut_on_ = nullptr;
  }
  if (loop_ == nullptr) return inner_->Close(mode, std::move(closed));
  loop_->Cancel(*this);
  // Behind all that was posted for this pipe.
  inner_->Close(mode, [&loop = *loop_, closed = std::move(closed)]() mutable {
    loop.Post(std::move(closed));
  });
}

// --- On a loop. ---

void FaultyPipe::Receive() {
  receiving_ = true;
  absl::Status error =
      peer_gone_ ? PeerGone() : place_.faults.Begin(Operation::kReceive, side_).error;
  if (!error.ok()) {
    loop_->Post([this, error = std::move(error)]() mutable { FailReceive(std::move(error)); });
  } else if (held_.has_value()) {
    loop_->Schedule(*this, HeldUntil());
  } else {
    inner_->Receive();
  }
}

void FaultyPipe::OnReceive(Bytes packet) {
  if (peer_gone_) return;  // FailReceive() comes.
  const unsigned releases = releases_;
  Verdict verdict = place_.faults.Begin(Operation::kPacket, side_);
  if (!verdict.error.ok()) return FailReceive(std::move(verdict.error));
  if (verdict.lost) return inner_->Receive();
  if (verdict.delay == base::Duration::zero()) return HandOn(packet);
  Hold(packet, verdict.delay, releases);
  loop_->Schedule(*this, HeldUntil());
}

void FaultyPipe::OnTimer() {
  const std::string packet = std::move(held_->bytes);
  held_.reset();
  if (!peer_gone_) HandOn(packet);
}

void FaultyPipe::HandOn(Bytes packet) {
  receiving_ = false;
  delegate_->OnReceive(packet);
}

void FaultyPipe::FailReceive(absl::Status error) {
  if (!closing_ && std::exchange(receiving_, false)) delegate_->OnReceiveError(std::move(error));
}

void FaultyPipe::OnSent(absl::Status status) {
  absl::Status error = place_.faults.Begin(Operation::kPendingSend, side_).error;
  if (!error.ok()) {
    OnFault(error);
    status = std::move(error);
  }
  delegate_->OnSent(std::move(status));
}

// A peer that a send has found gone sends nothing either.
void FaultyPipe::OnFault(const absl::Status& error) {
  if (!absl::IsUnavailable(error)) return;
  peer_gone_ = true;
  if (loop_ != nullptr) loop_->Post([this] { FailReceive(PeerGone()); });
}

// --- On any thread. ---

absl::StatusOr<SendResult> FaultyPipe::Send(std::span<const Bytes> slices) {
  if (peer_gone_) return PeerGone();
  const Verdict verdict = place_.faults.Begin(Operation::kSend, side_);
  if (!verdict.error.ok()) {
    OnFault(verdict.error);
    if (!verdict.lost) return verdict.error;
  }
  if (verdict.lost) return SendResult::kSent;
  absl::StatusOr<SendResult> result = inner_->Send(slices);
  const bool sent = result.ok() && *result == SendResult::kSent;
  if (!sent || loop_ == nullptr || !place_.faults.all_sends_pending()) return result;
  loop_->Post([this] {
    if (!closing_) OnSent(absl::OkStatus());
  });
  return SendResult::kPending;
}

absl::StatusOr<std::size_t> FaultyPipe::ReceiveUntil(std::span<char> buffer,
                                                     base::TimePoint deadline) {
  if (absl::Status error = place_.faults.Begin(Operation::kReceiveCaller, side_).error;
      !error.ok()) {
    return error;
  }
  while (!peer_gone_) {
    auto size = held_.has_value() ? TakeHeld(buffer, deadline) : ReceiveOne(buffer, deadline);
    const bool in_vain = absl::IsDeadlineExceeded(size.status()) || (size.ok() && *size == 0);
    if (!in_vain) return size;
    if (absl::IsDeadlineExceeded(size.status()) && place_.now() >= deadline) return size;
  }
  return PeerGone();
}

// A packet of 0 bytes: none, and it is worth to look again at once.
absl::StatusOr<std::size_t> FaultyPipe::ReceiveOne(std::span<char> buffer,
                                                   base::TimePoint deadline) {
  auto size = inner_->ReceiveUntil(buffer, NextSlice(deadline));
  if (!size.ok()) return size;
  const unsigned releases = releases_;
  Verdict verdict = place_.faults.Begin(Operation::kPacket, side_);
  if (!verdict.error.ok()) return std::move(verdict.error);
  if (verdict.lost) return 0;
  if (verdict.delay == base::Duration::zero()) return size;
  Hold(buffer.first(*size), verdict.delay, releases);
  return 0;
}

// `releases`: how many there were before the delay was decided.
void FaultyPipe::Hold(Bytes packet, base::Duration delay, unsigned releases) {
  held_ =
      Held{std::string(packet.data(), packet.size()), base::After(delay, place_.now()), releases};
}

base::TimePoint FaultyPipe::HeldUntil() const {
  return releases_ == held_->releases ? held_->due : base::TimePoint();
}

absl::StatusOr<std::size_t> FaultyPipe::TakeHeld(std::span<char> buffer, base::TimePoint deadline) {
  if (const base::TimePoint due = HeldUntil(); place_.now() < due) {
    std::this_thread::sleep_until(NextSlice(std::min(deadline, due)));
    return absl::DeadlineExceededError("");
  }
  std::copy(held_->bytes.begin(), held_->bytes.end(), buffer.begin());
  const std::size_t size = held_->bytes.size();
  held_.reset();
  return size;
}

// In the time of the system: when to look again, at `limit` at the latest. Of a limit that has
// passed, a time that has.
base::TimePoint FaultyPipe::NextSlice(base::TimePoint limit) const {
  const base::TimePoint now = place_.now();
  if (limit <= now) return {};
  return base::After(std::min(kSlice, limit - now));
}

}  // namespace piperpc::testing
