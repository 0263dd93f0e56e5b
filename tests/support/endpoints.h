// Endpoints in a folder of a test's own.
#pragma once

#include <filesystem>
#include <string>

namespace piperpc::testing {

// The address of a pipe called `name` that belongs to `folder`; one file per platform behind it.
std::string AddressIn(const std::filesystem::path& folder, const std::string& name);

}  // namespace piperpc::testing
