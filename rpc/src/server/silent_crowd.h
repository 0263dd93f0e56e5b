// Which connection goes when too many of them have said no Hello.
#pragma once

#include <cstddef>
#include <string>

#include "absl/container/flat_hash_map.h"

namespace piperpc::server {

// The oldest of the user that has the most of them; of several such users, of the one whose oldest
// came first. So a crowd of one user's never makes those of others go. `silent`: not empty, oldest
// first; `user_of` tells whose one is.
template <typename Connections, typename UserOf>
auto* OldestOfLargestCrowd(const Connections& silent, UserOf user_of) {
  struct Crowd {
    decltype(&silent.front()) oldest = nullptr;
    std::size_t size = 0;
    std::size_t place = 0;  // Of its oldest.
  };
  absl::flat_hash_map<std::string, Crowd> crowds;
  std::size_t place = 0;
  silent.ForEach([&](auto& each) {
    Crowd& crowd = crowds[user_of(each)];
    if (crowd.size++ == 0) {
      crowd.oldest = &each;
      crowd.place = place;
    }
    ++place;
  });
  Crowd largest;
  for (const auto& [user, crowd] : crowds) {
    const bool earlier = crowd.size == largest.size && crowd.place < largest.place;
    if (crowd.size > largest.size || earlier) largest = crowd;
  }
  return largest.oldest;
}

}  // namespace piperpc::server
