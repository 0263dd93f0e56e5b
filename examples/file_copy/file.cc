#include "file.h"

#include <utility>

namespace file_copy {

File::File(Handle handle, std::filesystem::path path) : handle_(handle), path_(std::move(path)) {}

File::File(File&& other) noexcept
    : handle_(std::exchange(other.handle_, kNone)), path_(std::move(other.path_)) {}

File& File::operator=(File&& other) noexcept {
  if (this != &other) {
    Close();
    handle_ = std::exchange(other.handle_, kNone);
    path_ = std::move(other.path_);
  }
  return *this;
}

File::~File() { Close(); }

}  // namespace file_copy
