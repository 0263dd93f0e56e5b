#include "support/endpoints.h"

namespace piperpc::testing {

std::string AddressIn(const std::filesystem::path& folder, const std::string& name) {
  return (folder / name).string();
}

}  // namespace piperpc::testing
