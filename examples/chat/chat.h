// The service: a coroutine for each caller, which tells it what happens, and one beside it, which
// listens to it.
#pragma once

#include <cstddef>

#include "chat/v1/chat.piperpc.h"
#include "rooms.h"

namespace chat {

class Chat final : public v1::ChatService {
 public:
  // See Rooms. With 100 events of at most 1000 bytes, a slow caller costs 100 KiB.
  explicit Chat(std::size_t max_unread = 100) : rooms_(max_unread) {}

  piperpc::Stream<v1::ChatResponse> CoChat(piperpc::ServerContext& context,
                                           piperpc::CoReader<v1::ChatRequest> requests) override;

 private:
  Rooms rooms_;
};

}  // namespace chat
