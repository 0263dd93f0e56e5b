// A folder of a test's own.
#pragma once

#include <filesystem>
#include <string>

#include "piperpc/testing/endpoint.h"

namespace piperpc::testing {

// Makes a folder that only its owner may use; one file per platform behind it.
void MakePrivateFolder(const std::filesystem::path& path);

// Gone with all it holds at the end.
class ScratchFolder {
 public:
  ScratchFolder() { MakePrivateFolder(path_); }
  ~ScratchFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;

  const std::filesystem::path& path() const { return path_; }

  // The name of a file in it, in UTF-8. `name`: too.
  std::string File(const std::string& name) const {
    const std::u8string file = (path_ / std::u8string(name.begin(), name.end())).u8string();
    return std::string(file.begin(), file.end());
  }

 private:
  const std::filesystem::path path_ =
      std::filesystem::temp_directory_path() / ("piperpc-" + UniqueEndpoint());
};

}  // namespace piperpc::testing
