// The calls of a connection by their id.
//
// Ids grow by one, and most calls end before many others have begun: so the latest are at the place
// that their id says. One that is still there when its place is needed again moves to a map.
// Not thread-safe.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <vector>

namespace piperpc::client {

class Call;

class CallTable {
 public:
  struct Found {
    bool known = false;
    Call* call = nullptr;
  };

  // Null: it has ended here, but the server has not answered yet. `id` is above zero and not in the
  // table.
  void Add(std::uint64_t id, Call* call) {
    Entry& place = PlaceOf(id);
    if (place.id != 0) older_.emplace(place.id, place.call);
    place = {id, call};
    ++size_;
  }

  Found Find(std::uint64_t id) const {
    const Entry& place = latest_[id % kLatest];
    if (place.id == id) return {true, place.call};
    const auto found = older_.find(id);
    return found == older_.end() ? Found() : Found{true, found->second};
  }

  // `id` is in the table.
  void Erase(std::uint64_t id) {
    if (Entry& place = PlaceOf(id); place.id == id) {
      place.id = 0;
    } else {
      older_.erase(id);
    }
    --size_;
  }

  std::size_t size() const { return size_; }

  // Those that have not ended, in no order.
  std::vector<Call*> Live() const {
    std::vector<Call*> live;
    std::size_t left = size_ - older_.size();
    for (auto each = latest_.begin(); left > 0; ++each) {
      if (each->id == 0) continue;
      --left;
      if (each->call != nullptr) live.push_back(each->call);
    }
    for (const auto& [id, call] : older_) {
      if (call != nullptr) live.push_back(call);
    }
    return live;
  }

 private:
  struct Entry {
    std::uint64_t id = 0;  // Zero: nobody is here.
    Call* call = nullptr;
  };
  static constexpr std::size_t kLatest = 128;

  Entry& PlaceOf(std::uint64_t id) { return latest_[id % kLatest]; }

  std::array<Entry, kLatest> latest_;
  std::map<std::uint64_t, Call*> older_;
  std::size_t size_ = 0;
};

}  // namespace piperpc::client
