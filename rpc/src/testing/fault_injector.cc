#include "piperpc/testing/fault_injector.h"

#include <array>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "piperpc/in_process.h"
#include "piperpc/internal/mutex.h"
#include "src/testing/fault_source.h"
#include "src/testing/faulty_transport.h"

namespace piperpc::testing {
namespace {

absl::Status ConnectionCut() {
  return absl::UnavailableError("a fault: the connection has been cut");
}

}  // namespace

// Both ways of a connection go wrong at its client's end, but for what the client sends too late:
// the server's end takes that later.
class FaultInjector::Plan final : public FaultSource {
 public:
  Verdict Begin(Operation operation, Side side) override {
    const internal::MutexLock lock(mutex_);
    if (operation == Operation::kConnect) {
      ++connects_;
      // A copy of its own: TSan does not see who shares one.
      return {.error = absl::Status(refusal_.code(), refusal_.message())};
    }
    if (operation == Operation::kPacket && side == Side::kServer) {
      return {.delay = Of(From::kClient).delay};
    }
    if (side == Side::kServer) return {};
    if (operation == Operation::kSend) return Send(Of(From::kClient));
    if (operation == Operation::kPacket) return Receive(Of(From::kServer));
    return {};
  }

  void Refuse(absl::Status reason) {
    const internal::MutexLock lock(mutex_);
    refusal_ = std::move(reason);
  }
  void Cut(From from, std::size_t packet) {
    const internal::MutexLock lock(mutex_);
    Of(from).until_cut = packet;
  }
  void Drop(From from, std::size_t packet) {
    const internal::MutexLock lock(mutex_);
    Of(from).until_drop = packet;
  }
  void Delay(From from, std::chrono::milliseconds by) {
    const internal::MutexLock lock(mutex_);
    Of(from).delay = base::Saturated(by);
  }
  void Heal() {
    const internal::MutexLock lock(mutex_);
    refusal_ = absl::OkStatus();
    ways_ = {};
  }
  std::size_t connects() const {
    const internal::MutexLock lock(mutex_);
    return connects_;
  }

 private:
  // What one side sends.
  struct Way {
    std::size_t until_cut = 0;  // The last of this many packets; 0: none.
    std::size_t until_drop = 0;
    base::Duration delay{};
  };

  Way& Of(From from) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    return ways_[from == From::kClient ? 0 : 1];
  }

  // True: it was the last one.
  static bool Count(std::size_t& left) { return left > 0 && --left == 0; }

  // The client learns of a cut when it reads: a request whose send fails is sent again.
  static Verdict Send(Way& way) {
    const bool lost = Count(way.until_drop);
    if (Count(way.until_cut)) return {.error = ConnectionCut(), .lost = true};
    return {.lost = lost};
  }
  static Verdict Receive(Way& way) {
    const bool lost = Count(way.until_drop);
    if (Count(way.until_cut)) return {.error = ConnectionCut()};
    return {.lost = lost, .delay = way.delay};
  }

  mutable internal::Mutex mutex_;
  absl::Status refusal_ ABSL_GUARDED_BY(mutex_);
  std::array<Way, 2> ways_ ABSL_GUARDED_BY(mutex_);
  std::size_t connects_ ABSL_GUARDED_BY(mutex_) = 0;
};

FaultInjector::FaultInjector() : FaultInjector(nullptr) {}

FaultInjector::FaultInjector(FakeClock& clock) : FaultInjector(&clock) {}

FaultInjector::FaultInjector(FakeClock* clock)
    : plan_(std::make_shared<Plan>()),
      transport_(std::make_shared<FaultyTransport>(NewInProcessTransport(), plan_,
                                                   clock == nullptr ? nullptr : clock->source_)) {}

FaultInjector::~FaultInjector() = default;

transport::Transport* FaultInjector::transport() { return transport_.get(); }

void FaultInjector::Refuse(absl::Status reason) { plan_->Refuse(std::move(reason)); }

void FaultInjector::Cut(From from, std::size_t packet) { plan_->Cut(from, packet); }

void FaultInjector::Drop(From from, std::size_t packet) { plan_->Drop(from, packet); }

void FaultInjector::Delay(From from, std::chrono::milliseconds by) { plan_->Delay(from, by); }

void FaultInjector::CutConnections() { transport_->CutAll(); }

void FaultInjector::Heal() {
  plan_->Heal();
  transport_->ReleaseAll();
}

std::size_t FaultInjector::connects() const { return plan_->connects(); }

}  // namespace piperpc::testing
