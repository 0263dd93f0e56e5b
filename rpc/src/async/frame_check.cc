#include "piperpc/internal/frame_check.h"

#include "src/base/fatal.h"

namespace piperpc::internal {

void EndForMisplacedFrame() {
  base::EndProcess(
      "a coroutine awaits in the condition of an `if` or of a loop, and g++ 12 has misplaced its "
      "frame. Give what is awaited there a name in a statement before the condition");
}

}  // namespace piperpc::internal
