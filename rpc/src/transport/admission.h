// Which of a listener's clients are served, and which are told why not. Both have places of their
// own, so that those who are refused never keep others out.
#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "src/transport/connection_slots.h"
#include "src/transport/listener.h"

namespace piperpc::transport {

// Refused clients that are being told why, at the most, and those of one user; those beyond are
// closed without a word.
inline constexpr std::size_t kMaxRefusedConnections = 64;
inline constexpr std::size_t kMaxRefusedOfOneUser = 48;

class Admission {
 public:
  // `limit`: ListenOptions::max_connections.
  Admission(std::size_t limit, Listener::Delegate& delegate);

  struct Verdict {
    ConnectionSlots::Slot slot;  // For the client's pipe. Empty: close it at once.
    absl::Status refusal;        // OK: it is served.
  };

  // Loop thread, as HandOut().
  Verdict Judge(const Peer& peer);

  // Gives the delegate a client whose pipe has the slot of the verdict.
  void HandOut(std::unique_ptr<Pipe> pipe, absl::Status refusal);

 private:
  ConnectionSlots::Slot TakeRefused(const std::string& user);

  Listener::Delegate& delegate_;
  const std::shared_ptr<ConnectionSlots> served_;
  const std::shared_ptr<ConnectionSlots> refused_;
  std::map<std::string, std::shared_ptr<ConnectionSlots>> refused_of_;  // By the user.
};

}  // namespace piperpc::transport
