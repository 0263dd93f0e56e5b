#include "src/transport/linux/lock_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/strings/str_cat.h"
#include "piperpc/internal/mutex.h"
#include "src/base/per_process.h"
#include "src/transport/linux/folder.h"
#include "src/transport/linux/socket.h"

namespace piperpc::transport {
namespace {

// A file that is replaced this often while we look is replaced on purpose.
constexpr int kMostTries = 100;

// The files that this process holds.
struct HeldFiles {
  static HeldFiles& OfProcess();

  bool Contains(const FileId& id) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex) {
    return files.contains(id);
  }

  internal::Mutex mutex;

  // With second descriptors of a file that is held: to close one would give up the lock.
  std::map<FileId, std::vector<UniqueFd>> files ABSL_GUARDED_BY(mutex);
};

// A child made by fork() holds none. Servers may be static.
constinit base::PerProcess<HeldFiles> held_files;

HeldFiles& HeldFiles::OfProcess() { return held_files.Get(); }

absl::Status Held(const std::string& path) {
  return absl::AlreadyExistsError(
      absl::StrCat("the lock file ", path, " is locked by another server"));
}

absl::Status OpenError(const std::string& path, int error) {
  const bool denied = error == EACCES || error == EPERM || error == EROFS;
  const bool of_folder = error == ENOENT || error == ENOTDIR || (denied && !FileAt(path));
  if (of_folder) return FolderError(FolderOf(path), error);
  if (denied) {
    return absl::PermissionDeniedError(absl::StrCat(
        "cannot open the lock file ", path, " for writing: ", ErrnoText(error), "; uid ",
        ::geteuid(), " must be allowed to write it and the folder ", FolderOf(path)));
  }
  if (error == ELOOP || error == EISDIR || error == ENXIO) {
    return absl::FailedPreconditionError(
        absl::StrCat("the lock file ", path, " is not an ordinary file: ", ErrnoText(error),
                     "; move away what is there, or choose another endpoint"));
  }
  return SocketError(error, absl::StrCat("cannot open the lock file ", path));
}

absl::Status LockError(const std::string& path, int error) {
  if (error == EACCES || error == EAGAIN) return Held(path);
  const std::string text = absl::StrCat("cannot lock ", path);
  if (error != ENOLCK) return SocketError(error, text);
  return absl::ResourceExhaustedError(absl::StrCat(text, ": ", ErrnoText(error)));
}

// Opens the file, if this process does not hold it.
absl::StatusOr<UniqueFd> Open(HeldFiles& held, const std::string& path)
    ABSL_EXCLUSIVE_LOCKS_REQUIRED(held.mutex) {
  if (const auto file = FileAt(path); file.has_value() && held.Contains(FileId(*file))) {
    return Held(path);
  }
  // Without O_NONBLOCK a pipe in its place could make it wait.
  constexpr int kFlags = O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK;
  UniqueFd fd(::open(path.c_str(), kFlags, 0600));
  if (!fd) return OpenError(path, errno);
  return fd;
}

// Nothing: the file that was locked is not the one at `path` any more.
absl::StatusOr<std::optional<FileId>> LockOpened(HeldFiles& held, const std::string& path,
                                                 UniqueFd& fd)
    ABSL_EXCLUSIVE_LOCKS_REQUIRED(held.mutex) {
  struct stat file = {};
  if (::fstat(fd.get(), &file) != 0) return SocketError(errno, absl::StrCat("fstat ", path));
  if (!S_ISREG(file.st_mode)) return OpenError(path, ENXIO);
  const FileId id(file);
  if (held.Contains(id)) {
    held.files[id].push_back(std::move(fd));
    return Held(path);
  }
  struct flock whole = {};
  whole.l_type = F_WRLCK;
  whole.l_whence = SEEK_SET;
  if (::fcntl(fd.get(), F_SETLK, &whole) != 0) return LockError(path, errno);
  if (!IsAt(id, path)) return std::nullopt;
  return id;
}

}  // namespace

absl::StatusOr<std::unique_ptr<LockFile>> LockFile::Take(const std::string& path) {
  HeldFiles& held = HeldFiles::OfProcess();
  const internal::MutexLock lock(held.mutex);
  for (int tries = 0; tries < kMostTries; ++tries) {
    absl::StatusOr<UniqueFd> fd = Open(held, path);
    if (!fd.ok()) return fd.status();
    const absl::StatusOr<std::optional<FileId>> id = LockOpened(held, path, *fd);
    if (!id.ok()) return id.status();
    if (!id->has_value()) continue;
    held.files.try_emplace(**id);
    return std::unique_ptr<LockFile>(new LockFile(path, *std::move(fd), **id));
  }
  return absl::UnavailableError(absl::StrCat("the lock file ", path, " was replaced ", kMostTries,
                                             " times while it was being locked; try again"));
}

LockFile::LockFile(std::string path, UniqueFd fd, FileId id)
    : path_(std::move(path)), fd_(std::move(fd)), id_(id) {}

LockFile::~LockFile() {
  HeldFiles& held = HeldFiles::OfProcess();
  const internal::MutexLock lock(held.mutex);
  held.files.erase(id_);
  fd_.Reset();
}

std::string LockFile::Note() const {
  std::array<char, kMaxNote> note;
  const ssize_t size = ::pread(fd_.get(), note.data(), note.size(), 0);
  return {note.data(), size > 0 ? static_cast<std::size_t>(size) : 0};
}

// When the disk is full the next one finds no note, and has to do without.
void LockFile::SetNote(const std::string& note) {
  if (::ftruncate(fd_.get(), 0) != 0) return;
  const ssize_t written = ::pwrite(fd_.get(), note.data(), note.size(), 0);
  if (written != static_cast<ssize_t>(note.size())) static_cast<void>(::ftruncate(fd_.get(), 0));
}

}  // namespace piperpc::transport
