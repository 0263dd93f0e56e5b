#include "tools/shared/standard_streams.h"

#include <cerrno>

namespace piperpc::tools {

std::error_code WriteText(std::FILE* stream, std::string_view text) {
  errno = 0;
  const bool written =
      std::fwrite(text.data(), 1, text.size(), stream) == text.size() && std::fflush(stream) == 0;
  if (written) return {};
  return {errno == 0 ? EIO : errno, std::generic_category()};
}

}  // namespace piperpc::tools
