#include "piperpc/internal/threads.h"

#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "src/base/text.h"

namespace piperpc::internal {

absl::StatusOr<std::thread> StartThread(std::string_view purpose, absl::AnyInvocable<void()> body) {
  try {
    return std::thread(std::move(body));
  } catch (const std::system_error& refused) {
    return absl::ResourceExhaustedError(
        absl::StrCat("cannot start ", base::ToAbsl(purpose), ": ", refused.code().message(),
                     "; raise the system's limit on threads, or use fewer"));
  }
}

void JoinOrLeave(std::thread thread, bool has_ended) {
  if (!thread.joinable()) return;
  if (has_ended) {
    thread.join();
  } else {
    thread.detach();
  }
}

}  // namespace piperpc::internal
