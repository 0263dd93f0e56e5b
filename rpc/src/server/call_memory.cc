#include "src/server/call_memory.h"

namespace piperpc::server {

CallMemory::~CallMemory() {
  while (free_ != nullptr) {
    Piece* const piece = free_;
    free_ = piece->next;
    ::operator delete(piece);
  }
}

}  // namespace piperpc::server
