// A transport whose pipes go wrong as a test has written down. It wraps another one; what it does
// not spoil is passed on.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>

#include "src/transport/transport.h"

namespace piperpc::transport {

// What goes wrong with each pipe that is connected; packets are counted from 1, each way by itself.
struct Faults {
  std::optional<std::size_t> truncate_sent =
      std::nullopt;  // This packet is sent without its last byte.
  std::optional<std::size_t> corrupt_sent =
      std::nullopt;  // This packet is sent with a byte changed.
  std::optional<std::size_t> fail_send =
      std::nullopt;  // From this packet on Send() is UNAVAILABLE.
  std::optional<std::size_t> truncate_received =
      std::nullopt;  // This packet arrives without its last byte.
  std::optional<std::size_t> corrupt_received =
      std::nullopt;  // This packet arrives with a byte changed.
  std::optional<std::size_t> drop_after =
      std::nullopt;                 // When this many have arrived, the peer seems gone.
  bool every_send_pending = false;  // An attached pipe never says kSent at once,
  base::Duration send_delay = base::Duration::zero();  // and tells OnSent() this much later.
};

// `inner` must outlive the transport, and that the pipes. The server's side is left in order.
std::unique_ptr<Transport> NewFaultyTransport(Transport& inner, const Faults& faults);

// The same for one pipe, which is not attached yet.
std::unique_ptr<Pipe> NewFaultyPipe(std::unique_ptr<Pipe> inner, const Faults& faults);

}  // namespace piperpc::transport
