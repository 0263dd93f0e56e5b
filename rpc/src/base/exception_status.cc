#include <exception>
#include <string>

#include "piperpc/stream.h"

namespace piperpc::internal {

absl::Status StatusOfException(std::exception_ptr exception) {
  try {
    std::rethrow_exception(std::move(exception));
  } catch (const std::exception& e) {
    return absl::InternalError(std::string("the handler threw: ") + e.what());
  } catch (...) {
    return absl::InternalError("the handler threw something that is no std::exception");
  }
}

}  // namespace piperpc::internal
