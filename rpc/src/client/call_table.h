// The calls that a session has begun and the server has not ended.
#pragma once

#include <cstddef>
#include <cstdint>

#include "absl/container/flat_hash_map.h"

namespace piperpc::client {

class Call;

// By their id. Null: it has ended here, but the server has not answered yet. Remembers the call
// that was looked for last, since the frames of a stream follow each other.
class CallTable {
 public:
  void emplace(std::uint64_t id, Call* call) {
    calls_.emplace(id, call);
    if (id == latest_id_) latest_ = call;
  }
  void erase(std::uint64_t id) {
    calls_.erase(id);
    if (id == latest_id_) latest_ = nullptr;
  }

  // Null as well when there is no such call.
  Call* Find(std::uint64_t id) {
    if (id != latest_id_) {
      const auto found = calls_.find(id);
      latest_ = found == calls_.end() ? nullptr : found->second;
      latest_id_ = id;
    }
    return latest_;
  }

  std::size_t size() const { return calls_.size(); }
  auto begin() const { return calls_.begin(); }
  auto end() const { return calls_.end(); }

 private:
  absl::flat_hash_map<std::uint64_t, Call*> calls_;
  std::uint64_t latest_id_ = 0;  // No call's.
  Call* latest_ = nullptr;
};

}  // namespace piperpc::client
