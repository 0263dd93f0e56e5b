#include "src/base/memory.h"

#include "absl/strings/str_cat.h"
#include "src/base/text.h"

namespace piperpc::base {

absl::Status OutOfMemory(std::string_view what, std::size_t bytes) {
  return ErrorInMemory([&] {
    return absl::ResourceExhaustedError(
        absl::StrCat("not enough memory for ", ToAbsl(what),
                     bytes == 0 ? "" : absl::StrCat(" of ", bytes, " bytes"),
                     "; try again later, or with less data"));
  });
}

}  // namespace piperpc::base
