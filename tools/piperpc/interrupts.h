// Handles Ctrl-C.
#pragma once

#include <memory>
#include <stop_token>

#include "tools/piperpc/failure.h"

namespace piperpc::cli {

// Turns Ctrl-C into a stop token, and makes writing to a closed pipe an error instead of a signal.
// To be created once, before any other thread.
class Interrupts {
 public:
  Interrupts();
  ~Interrupts();
  // An error when the system refuses the thread that waits for Ctrl-C.
  Outcome status() const;

  Interrupts(const Interrupts&) = delete;
  Interrupts& operator=(const Interrupts&) = delete;

  // Returns a token that the next Ctrl-C stops; an earlier one is forgotten. A second Ctrl-C before
  // the next Arm() ends the program at once. If Ctrl-C was ignored when the program was started, it
  // stays ignored.
  std::stop_token Arm();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace piperpc::cli
