// In-process pipes that go wrong as a test says: connecting is refused, packets are lost or late,
// connections are cut.
//
//     piperpc::testing::InProcess<GreeterClient> greeter(service);
//     ASSERT_THAT(greeter.channel()->WaitUntilReady(1s), IsOk());
//     greeter.faults().Cut(piperpc::testing::FaultInjector::From::kServer);
//     EXPECT_THAT(greeter->Greet(request), StatusIs(absl::StatusCode::kUnavailable));
//
// Packets are counted from the moment that a fault is set, those of each side by themselves, over
// all connections. On a connection that is ready, a unary call with small messages is one packet
// each way. Larger messages and streams take more; packets that carry credit of streams, or the
// cancel of a call that ended early, count, too. On a new connection the Hello of each side comes
// first, alone or in one packet with the first call: so connect before you count.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>

#include "absl/status/status.h"
#include "piperpc/testing/fake_clock.h"

namespace piperpc {

namespace transport {
class Transport;
}

namespace testing {

class FaultyTransport;
class InProcessServer;

// Thread-safe. Several faults may be set at once. Setting one of a kind, and of a side, again
// replaces it.
class FaultInjector {
 public:
  enum class From { kClient, kServer };

  // Nothing goes wrong at first. Real time.
  FaultInjector();

  // The same in the time of `clock`.
  explicit FaultInjector(FakeClock& clock);
  ~FaultInjector();
  FaultInjector(const FaultInjector&) = delete;
  FaultInjector& operator=(const FaultInjector&) = delete;

  // The pipes, for ServerOptions::transport, ChannelOptions::transport and
  // IoThreadOptions::transport, as piperpc::NewInProcessTransport(). This object must outlive the
  // servers that use it. Channels keep the pipes alive.
  transport::Transport* transport();

  // Connecting fails with `reason`, which should not be OK, until Heal(). A call that waits for a
  // server (wait_for_ready) tries again after UNAVAILABLE. Connections that are there stay.
  void Refuse(absl::Status reason);

  // The connection is lost in place of packet number `packet` of that side, 1 or more, once. Calls
  // in flight end with UNAVAILABLE; their handlers are stopped.
  void Cut(From from, std::size_t packet = 1);

  // Packet number `packet` of that side, 1 or more, is lost without a trace, once: its receiver
  // waits, and calls end at their deadlines.
  void Drop(From from, std::size_t packet = 1);

  // Each packet of that side arrives `by` later, until Heal(); one after the other, as on a slow
  // line. 0: at once again.
  void Delay(From from, std::chrono::milliseconds by);

  // All connections are lost now.
  void CutConnections();

  // Nothing goes wrong any more: packets that Delay() holds arrive now. Connections and packets
  // that were lost are not restored.
  void Heal();

  // How many times a channel has tried to connect, refused ones included.
  std::size_t connects() const;

 private:
  friend class InProcessServer;
  class Plan;
  explicit FaultInjector(FakeClock* clock);

  const std::shared_ptr<Plan> plan_;
  const std::shared_ptr<FaultyTransport> transport_;
};

}  // namespace testing
}  // namespace piperpc
