// What the code under test sends, held to PROTOCOL.md.
#pragma once

#include <cstdint>
#include <map>
#include <set>

#include "src/wire/frame.h"

namespace piperpc::testing {

// All packets that one side has sent on one connection, in order.
class SentPackets {
 public:
  enum class From { kServer, kClient };
  explicit SentPackets(From from) : from_(from) {}

  // The first rule that a frame has broken so far; null: none.
  const char* Check(wire::Bytes packet);

 private:
  bool Require(bool holds, const char* broken) {
    if (!holds && broken_ == nullptr) broken_ = broken;
    return holds;
  }
  void CheckFrame(const wire::Frame& frame);
  void CheckCall(const wire::Frame& frame);
  void CheckParts(const wire::Frame& frame);

  const From from_;
  const char* broken_ = nullptr;
  bool greeted_ = false;
  std::uint64_t last_request_ = 0;
  std::set<std::uint64_t> ended_;                   // By a RESPONSE, or by CANCEL.
  std::map<std::uint64_t, std::uint64_t> missing_;  // Of a split message: what is still to come.
};

}  // namespace piperpc::testing
