// Which file it is, whatever its name.
#pragma once

#include <sys/stat.h>

#include <optional>
#include <string>

namespace piperpc::transport {

// What lies at `path`, a link not followed. Nothing, and errno, when nothing can be found there.
inline std::optional<struct stat> FileAt(const std::string& path) {
  struct stat file = {};
  if (::lstat(path.c_str(), &file) != 0) return std::nullopt;
  return file;
}

// The number of a file is given to another one when it is gone, unless somebody has it open.
struct FileId {
  explicit FileId(const struct stat& file) : device(file.st_dev), inode(file.st_ino) {}
  friend bool operator==(const FileId&, const FileId&) = default;
  friend bool operator<(const FileId& a, const FileId& b) {
    return a.device != b.device ? a.device < b.device : a.inode < b.inode;
  }

  dev_t device;
  ino_t inode;
};

inline bool IsAt(const FileId& id, const std::string& path) {
  const std::optional<struct stat> file = FileAt(path);
  return file.has_value() && FileId(*file) == id;
}

}  // namespace piperpc::transport
