#include "support/failing_transport.h"

#include <utility>

#include "src/testing/faulty_transport.h"

namespace piperpc::testing {
namespace {

class OneFault final : public FaultSource {
 public:
  OneFault(FaultPoint& point, bool all_sends_pending)
      : point_(point), all_sends_pending_(all_sends_pending) {}

  Verdict Begin(Operation operation, Side side) override {
    return {.error = point_.Begin(operation, side)};
  }
  bool all_sends_pending() const override { return all_sends_pending_; }

 private:
  FaultPoint& point_;
  const bool all_sends_pending_;
};

// Somebody else keeps it alive.
std::shared_ptr<transport::Transport> Unowned(transport::Transport& transport) {
  return {std::shared_ptr<void>(), &transport};
}

}  // namespace

void FaultPoint::Set(const Fault& fault, std::size_t number) {
  const std::lock_guard lock(mutex_);
  fault_ = fault;
  left_ = number;
  failed_ = false;
}

bool FaultPoint::Clear() {
  const std::lock_guard lock(mutex_);
  left_ = 0;
  return failed_;
}

absl::Status FaultPoint::Begin(Operation operation, Side side) {
  const std::lock_guard lock(mutex_);
  if (left_ == 0 || operation != fault_.operation || side != fault_.side) return absl::OkStatus();
  if (--left_ > 0) return absl::OkStatus();
  failed_ = true;
  return {fault_.error.code(), fault_.error.message()};  // TSan does not see who shares one.
}

std::unique_ptr<transport::Transport> NewFailingTransport(transport::Transport& inner,
                                                          FaultPoint& faults,
                                                          bool all_sends_pending) {
  return std::make_unique<FaultyTransport>(Unowned(inner),
                                           std::make_shared<OneFault>(faults, all_sends_pending));
}

}  // namespace piperpc::testing
