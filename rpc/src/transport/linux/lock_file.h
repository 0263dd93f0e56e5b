// A file that one process at a time can hold, and only as long as it lives.
//
// The lock is a record lock of fcntl(2): the kernel takes it back after any kind of death, and a
// child made by fork() does not have it, so that a child that outlives its parent keeps nothing
// taken. Such locks know processes only, and one is lost when its process closes any descriptor of
// the file. So the process keeps a list of the files that it holds, and opens none of them again.
#pragma once

#include <sys/types.h>

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "src/transport/linux/file_id.h"
#include "src/transport/linux/unique_fd.h"

namespace piperpc::transport {

class LockFile {
 public:
  // Makes the file when it is missing, with mode 0600, and takes its lock. ALREADY_EXISTS: another
  // process, or another LockFile of this one, holds it. FAILED_PRECONDITION: its folder is missing,
  // or it is not an ordinary file. PERMISSION_DENIED. RESOURCE_EXHAUSTED: no descriptor, space or
  // lock is left. The text names the file or the folder, and the system's reason.
  static absl::StatusOr<std::unique_ptr<LockFile>> Take(const std::string& path);

  // Gives the lock back, if this is the process that has taken it. The file stays: a lock on a file
  // that another process has just removed would be worth nothing.
  ~LockFile();
  LockFile(const LockFile&) = delete;
  LockFile& operator=(const LockFile&) = delete;

  // False when somebody has removed or replaced the file: others can then lock the new one.
  bool InPlace() const { return IsAt(id_, path_); }

  // What the holder has written into it, for the next one. At most kMaxNote bytes.
  static constexpr std::size_t kMaxNote = 128;
  std::string Note() const;
  void SetNote(const std::string& note);

 private:
  LockFile(std::string path, UniqueFd fd, FileId id);

  const std::string path_;
  UniqueFd fd_;
  const FileId id_;
};

}  // namespace piperpc::transport
