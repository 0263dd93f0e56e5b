// What failures and turns are counted for: a user name, tried by one peer.
#pragma once

#include <string>
#include <string_view>

namespace services {

// `peer`: piperpc::Peer::user. No user name has a line feed in it (credentials.h).
inline std::string LoginKey(std::string_view username, std::string_view peer) {
  std::string key(username);
  key += '\n';
  key += peer;
  return key;
}

}  // namespace services
