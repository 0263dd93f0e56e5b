// Ctrl-C.
#pragma once

#include <memory>
#include <stop_token>

#include "tools/piperpc/failure.h"

namespace piperpc::cli {

// Turns Ctrl-C into a stop token, and a reader of the output that goes away into an error of the
// write. Made before any other thread, and once.
class Interrupts {
 public:
  Interrupts();
  ~Interrupts();
  // Why Ctrl-C cannot be heard: the system refuses the thread for it.
  Outcome status() const;

  Interrupts(const Interrupts&) = delete;
  Interrupts& operator=(const Interrupts&) = delete;

  // A token that the next Ctrl-C stops. One that came before is forgotten. When the token was
  // stopped already and nobody armed it anew, another Ctrl-C ends the program on the spot. Where
  // the program was started with it ignored, it stays so.
  std::stop_token Arm();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace piperpc::cli
