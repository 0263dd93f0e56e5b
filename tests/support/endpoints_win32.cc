#include "support/endpoints.h"

namespace piperpc::testing {

// Pipes are in no folder; but their names may look as if they were.
std::string AddressIn(const std::filesystem::path& folder, const std::string& name) {
  return "\\\\.\\pipe\\" + folder.filename().string() + "\\" + name;
}

}  // namespace piperpc::testing
