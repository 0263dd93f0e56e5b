// SQLite's files with faults, for this process: https://sqlite.org/vfs.html.
#pragma once

#include <sqlite3.h>

namespace services {

// What SQLite asks of a file or a folder, as far as a test lets it fail.
enum class FileCall { kOpen, kRead, kWrite, kSync, kSize, kLock, kDelete, kSharedMemory };

// While it is there, each file that SQLite opens goes through it. One at a time; one thread.
class FaultyVfs {
 public:
  FaultyVfs();
  ~FaultyVfs();  // Its files are closed by then.
  FaultyVfs(const FaultyVfs&) = delete;
  FaultyVfs& operator=(const FaultyVfs&) = delete;

  // The `place`th call of that kind from now on, 1 or more, gives the error `code` of SQLite and
  // does nothing; then none does any more.
  void FailOnce(FileCall call, int place, int code) { Begin({call, code, place, false}); }

  // Each call of that kind does.
  void FailAll(FileCall call, int code) { Begin({call, code, 1, true}); }

  void Heal() { armed_ = false; }

  // A call has failed since the last Fail…().
  bool has_failed() const { return has_failed_; }

  // For the files: what a call gives that is to fail, else SQLITE_OK.
  int Ask(FileCall call);
  sqlite3_vfs& system() { return system_; }

 private:
  struct Fault {
    FileCall call;
    int code;
    int calls_left;
    bool stays;
  };
  void Begin(Fault fault);

  sqlite3_vfs& system_;  // The default one of this system.
  sqlite3_vfs own_;
  Fault fault_{};
  bool armed_ = false;
  bool has_failed_ = false;
};

}  // namespace services
