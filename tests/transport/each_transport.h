// A fixture of which there is one instance for each transport of this system.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "harness.h"

namespace piperpc::transport {

// The parameter is one of TransportNames(). Skipped where the system refuses that one.
class EachTransport : public ::testing::TestWithParam<std::string> {
 protected:
  void SetUp() final {
    std::string reason;
    transport_ = NewTransport(GetParam(), reason);
    if (transport_ == nullptr) GTEST_SKIP() << GetParam() << " is refused: " << reason;
    Begin();
  }

  // What a test sets up with the transport.
  virtual void Begin() {}

  std::unique_ptr<Transport> transport_;
};

}  // namespace piperpc::transport
