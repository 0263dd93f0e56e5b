// A folder for a test, which goes away with it.
#pragma once

#include <filesystem>
#include <random>
#include <string>

namespace file_copy {

class TestFolder {
 public:
  TestFolder() { std::filesystem::create_directory(path_); }
  ~TestFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TestFolder(const TestFolder&) = delete;
  TestFolder& operator=(const TestFolder&) = delete;

  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path operator/(const char* name) const { return path_ / name; }

 private:
  static std::string UniqueName() {
    std::random_device random;
    return "file-copy-" + std::to_string(random()) + "-" + std::to_string(random());
  }

  const std::filesystem::path path_ = std::filesystem::temp_directory_path() / UniqueName();
};

}  // namespace file_copy
