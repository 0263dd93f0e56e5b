#include "faulty_vfs.h"

#include <new>

namespace services {
namespace {

FaultyVfs* current = nullptr;

// SQLite gives memory for it, and for the system's file right behind it.
struct File {
  sqlite3_file base;  // What SQLite knows of.
  sqlite3_file* system() { return reinterpret_cast<sqlite3_file*>(this + 1); }
  const sqlite3_io_methods& does() { return *system()->pMethods; }
};

File& Of(sqlite3_file* file) { return *reinterpret_cast<File*>(file); }

// Fails where it is to; else does `call`, a pointer to a member of sqlite3_io_methods.
template <typename Member, typename... Arguments>
int Do(FileCall kind, sqlite3_file* file, Member call, Arguments... arguments) {
  if (const int code = current->Ask(kind); code != SQLITE_OK) return code;
  return (Of(file).does().*call)(Of(file).system(), arguments...);
}

template <typename Member, typename... Arguments>
auto Pass(sqlite3_file* file, Member call, Arguments... arguments) {
  return (Of(file).does().*call)(Of(file).system(), arguments...);
}

int Close(sqlite3_file* file) { return Pass(file, &sqlite3_io_methods::xClose); }
int Read(sqlite3_file* file, void* bytes, int count, sqlite3_int64 at) {
  return Do(FileCall::kRead, file, &sqlite3_io_methods::xRead, bytes, count, at);
}
int Write(sqlite3_file* file, const void* bytes, int count, sqlite3_int64 at) {
  return Do(FileCall::kWrite, file, &sqlite3_io_methods::xWrite, bytes, count, at);
}
int Truncate(sqlite3_file* file, sqlite3_int64 size) {
  return Pass(file, &sqlite3_io_methods::xTruncate, size);
}
int Sync(sqlite3_file* file, int flags) {
  return Do(FileCall::kSync, file, &sqlite3_io_methods::xSync, flags);
}
int Size(sqlite3_file* file, sqlite3_int64* size) {
  return Do(FileCall::kSize, file, &sqlite3_io_methods::xFileSize, size);
}
int Lock(sqlite3_file* file, int level) {
  return Do(FileCall::kLock, file, &sqlite3_io_methods::xLock, level);
}
int Unlock(sqlite3_file* file, int level) {
  return Pass(file, &sqlite3_io_methods::xUnlock, level);
}
int CheckReserved(sqlite3_file* file, int* reserved) {
  return Pass(file, &sqlite3_io_methods::xCheckReservedLock, reserved);
}
int Control(sqlite3_file* file, int operation, void* argument) {
  return Pass(file, &sqlite3_io_methods::xFileControl, operation, argument);
}
int SectorSize(sqlite3_file* file) { return Pass(file, &sqlite3_io_methods::xSectorSize); }
int Characteristics(sqlite3_file* file) {
  return Pass(file, &sqlite3_io_methods::xDeviceCharacteristics);
}
int MapShared(sqlite3_file* file, int page, int size, int extend, void volatile** place) {
  return Do(FileCall::kSharedMemory, file, &sqlite3_io_methods::xShmMap, page, size, extend, place);
}
int LockShared(sqlite3_file* file, int from, int count, int flags) {
  return Pass(file, &sqlite3_io_methods::xShmLock, from, count, flags);
}
void Barrier(sqlite3_file* file) { Pass(file, &sqlite3_io_methods::xShmBarrier); }
int UnmapShared(sqlite3_file* file, int remove) {
  return Pass(file, &sqlite3_io_methods::xShmUnmap, remove);
}

// Version 2: without memory-mapped files, which are read past the calls.
constexpr sqlite3_io_methods kMethods{.iVersion = 2,
                                      .xClose = &Close,
                                      .xRead = &Read,
                                      .xWrite = &Write,
                                      .xTruncate = &Truncate,
                                      .xSync = &Sync,
                                      .xFileSize = &Size,
                                      .xLock = &Lock,
                                      .xUnlock = &Unlock,
                                      .xCheckReservedLock = &CheckReserved,
                                      .xFileControl = &Control,
                                      .xSectorSize = &SectorSize,
                                      .xDeviceCharacteristics = &Characteristics,
                                      .xShmMap = &MapShared,
                                      .xShmLock = &LockShared,
                                      .xShmBarrier = &Barrier,
                                      .xShmUnmap = &UnmapShared,
                                      .xFetch = nullptr,
                                      .xUnfetch = nullptr};

int Open(sqlite3_vfs* /*own*/, const char* name, sqlite3_file* place, int flags, int* out_flags) {
  File& file = *new (place) File{};
  int code = current->Ask(FileCall::kOpen);
  sqlite3_vfs& system = current->system();
  if (code == SQLITE_OK) code = system.xOpen(&system, name, file.system(), flags, out_flags);
  if (code == SQLITE_OK) file.base.pMethods = &kMethods;
  return code;
}

int Delete(sqlite3_vfs* /*own*/, const char* name, int sync_folder) {
  if (const int code = current->Ask(FileCall::kDelete); code != SQLITE_OK) return code;
  return current->system().xDelete(&current->system(), name, sync_folder);
}

}  // namespace

FaultyVfs::FaultyVfs() : system_(*sqlite3_vfs_find(nullptr)), own_(system_) {
  current = this;
  own_.zName = "faulty";
  own_.szOsFile += static_cast<int>(sizeof(File));
  own_.xOpen = &Open;
  own_.xDelete = &Delete;
  sqlite3_vfs_register(&own_, 1);
}

FaultyVfs::~FaultyVfs() {
  sqlite3_vfs_unregister(&own_);
  sqlite3_vfs_register(&system_, 1);
  current = nullptr;
}

void FaultyVfs::Begin(Fault fault) {
  fault_ = fault;
  armed_ = true;
  has_failed_ = false;
}

int FaultyVfs::Ask(FileCall call) {
  if (!armed_ || call != fault_.call || --fault_.calls_left > 0) return SQLITE_OK;
  armed_ = fault_.stays;
  has_failed_ = true;
  return fault_.code;
}

}  // namespace services
