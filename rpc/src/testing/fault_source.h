// What decides which operation of a faulty transport goes wrong, and how.
#pragma once

#include "absl/status/status.h"
#include "src/base/clock.h"

namespace piperpc::testing {

// Each side of a connection by itself; loops are all the server's.
enum class Side { kClient, kServer };

enum class Operation {
  kNewLoop,
  kListen,
  kConnect,
  kAccept,         // RESOURCE_EXHAUSTED: the client is taken later; else it is gone.
  kSend,           // UNAVAILABLE, here and below: the peer is gone.
  kPendingSend,    // Not as it begins, but as it ends.
  kReceive,        // On a loop.
  kReceiveCaller,  // On the thread of a caller.
  kPacket,         // What either of them has waited for.
};

// What becomes of an operation; by default it is left in order.
struct Verdict {
  absl::Status error{};  // Not OK: it fails with this.
  bool lost = false;     // kSend, kPacket: as if it were done, but the packet does not arrive. With
                         // an `error`, a kSend is, too: the next operation finds the peer gone.
  base::Duration delay{};  // kPacket: it arrives this much later.
};

class FaultSource {
 public:
  virtual ~FaultSource() = default;

  // An operation begins. Any thread.
  virtual Verdict Begin(Operation operation, Side side) = 0;

  // Sends on a loop end later, as if the pipe were full.
  virtual bool all_sends_pending() const { return false; }
};

}  // namespace piperpc::testing
