// Sees the packets of a server's or a channel's connections, for statistics and for capture.
//
//     class Counter final : public piperpc::PacketObserver {
//      public:
//       std::unique_ptr<Connection> OnConnected(const piperpc::Peer&) override {
//         return std::make_unique<Counted>(*this);
//       }
//       std::atomic<std::uint64_t> sent = 0, received = 0;  // Bytes.
//
//      private:
//       struct Counted final : Connection {
//         explicit Counted(Counter& counter) : counter(counter) {}
//         void OnSent(Time, Parts parts) override { counter.sent += piperpc::ByteCount(parts); }
//         void OnReceived(Time, Bytes packet) override { counter.received += packet.size(); }
//         Counter& counter;
//       };
//     };
//
//     const auto counter = std::make_shared<Counter>();
//     piperpc::Server server({.observer = counter});
//
// A packet holds one or more frames, as rpc/PROTOCOL.md describes them. Where there is no observer,
// nothing is paid for it.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <span>

#include "piperpc/export.h"
#include "piperpc/peer.h"

namespace piperpc {

class PIPERPC_EXPORT PacketObserver {
 public:
  using Time = std::chrono::steady_clock::time_point;
  using Bytes = std::span<const char>;
  using Parts = std::span<const Bytes>;  // Joined, they are the packet.

  // One connection, from its beginning to its end, which is when this is destroyed.
  //
  // What OnSent() and OnReceived() are given is valid until they return. They must not block: other
  // calls wait meanwhile. An observer must not use the channel that it observes, whose lock may be
  // held: that ends the process with a message. What it throws is ignored.
  //
  // A server calls them on the event loop of the connection. A channel calls them on the threads
  // that make calls and on its event loop: each function on one thread at a time, but both may run
  // at once. Where both matter, sort by time: a reply may be shown before its request. The observer
  // of a connection is destroyed on any of these threads, or on the one that ends the channel.
  class Connection {
   public:
    virtual ~Connection() = default;

    // A packet was given to the system to send. `time`: just before that.
    virtual void OnSent(Time time, Parts parts) = 0;

    // A packet was received. `time`: just after that. It is not checked yet; a connection whose
    // packet is refused ends.
    virtual void OnReceived(Time time, Bytes packet) = 0;
  };

  virtual ~PacketObserver() = default;

  // A connection to `peer` begins; on a server also one that is refused with a status. Null, or an
  // exception: it is not observed. Called on the thread that connects or accepts, also on several
  // at the same time.
  virtual std::unique_ptr<Connection> OnConnected(const Peer& peer) = 0;
};

// The size of a packet in parts, in bytes.
inline std::size_t ByteCount(PacketObserver::Parts parts) {
  std::size_t size = 0;
  for (const PacketObserver::Bytes part : parts) size += part.size();
  return size;
}

}  // namespace piperpc
