// The key that failures and queues of logins go by: a user name, tried by one peer.
#pragma once

#include <string>
#include <string_view>

namespace services {

// `peer`: piperpc::Peer::user. A user name contains no line feed (credentials.h).
inline std::string LoginKey(std::string_view username, std::string_view peer) {
  std::string key(username);
  key += '\n';
  key += peer;
  return key;
}

}  // namespace services
