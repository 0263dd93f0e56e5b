// A transport of which one operation fails, the one that a test has chosen.
#pragma once

#include <cstddef>
#include <memory>
#include <mutex>
#include <string>

#include "absl/status/status.h"
#include "src/testing/fault_source.h"
#include "src/transport/transport.h"

namespace piperpc::testing {

// What fails.
struct Fault {
  std::string name;
  Operation operation = Operation::kSend;
  Side side = Side::kClient;
  absl::Status error;
};

// Counts operations, and says which one fails. Thread-safe.
class FaultPoint {
 public:
  // From now on, the operation `number` of those that `fault` means, counted from 1, fails.
  void Set(const Fault& fault, std::size_t number);

  // None fails any more. True: one has.
  bool Clear();

  // The error of an operation that begins. OK: it does not fail.
  absl::Status Begin(Operation operation, Side side);

 private:
  std::mutex mutex_;
  Fault fault_;
  std::size_t left_ = 0;  // The last of this many fails; 0: none.
  bool failed_ = false;
};

// `inner` and `faults` must outlive the transport, which must outlive what it makes.
// `all_sends_pending`: sends on a loop end later, as if the pipe were full.
std::unique_ptr<transport::Transport> NewFailingTransport(transport::Transport& inner,
                                                          FaultPoint& faults,
                                                          bool all_sends_pending);

}  // namespace piperpc::testing
