#include "src/server/log_fields.h"

#include <iterator>
#include <string>

namespace piperpc::server {

LogFields WithPeer(const Peer& peer, LogFields more) {
  LogFields fields{{"peer_pid", std::to_string(peer.pid)}, {"peer_user", peer.user}};
  fields.insert(fields.end(), std::make_move_iterator(more.begin()),
                std::make_move_iterator(more.end()));
  return fields;
}

}  // namespace piperpc::server
