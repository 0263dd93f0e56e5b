// A thin C++ wrapper of SQLite: handles close themselves, and errors are statuses.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

struct sqlite3;
struct sqlite3_stmt;

namespace services {

// So long a call waits for another process that uses the file: one that writes, or makes it.
inline constexpr std::chrono::milliseconds kLockWait{5000};

// A prepared statement. Its database must outlive it. One thread at a time, as for the database.
class SqliteStatement {
 public:
  // The same text or number may be bound again after Reset(). Indexes count from 1.
  absl::Status Bind(int index, std::string_view text);

  // True: there is a row. False: the statement is done.
  absl::StatusOr<bool> Step();

  // Columns of the current row, counted from 0.
  std::string Text(int column) const;
  std::int64_t Number(int column) const;

  // Ends the statement, so that it can be run again, and forgets what was bound.
  void Reset();

 private:
  friend class SqliteDatabase;
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const;
  };
  explicit SqliteStatement(sqlite3_stmt* statement) : statement_(statement) {}
  std::unique_ptr<sqlite3_stmt, Finalize> statement_;
};

// A connection to a database. One thread at a time.
//
// Errors: UNAVAILABLE, another process holds it locked; RESOURCE_EXHAUSTED, no space left;
// DATA_LOSS, it is damaged or not a database; FAILED_PRECONDITION, it cannot be opened or
// written; else INTERNAL. All with SQLite's own text.
class SqliteDatabase {
 public:
  // Opens the file at `path`, or creates it; ":memory:" lives as long as this object.
  static absl::StatusOr<SqliteDatabase> Open(const std::string& path);

  // Opens the file read-only, exactly as it is on the disk: without locks, and without reading,
  // creating or removing the database's other files. Changes that another process is making may be
  // seen in part.
  static absl::StatusOr<SqliteDatabase> OpenAsItIs(const std::string& path);

  absl::StatusOr<SqliteStatement> Prepare(std::string_view sql);

  // Runs one or more statements that have no parameters and no result.
  absl::Status Execute(const std::string& sql);

  // The first column of the only row that `sql` returns.
  absl::StatusOr<std::int64_t> QueryNumber(std::string_view sql);

  // The application_id in the file's header as it is on the disk, which is there as soon as the
  // first page is, also when the rest was never written; 0 when there is no header. The file is not
  // locked.
  std::int64_t ApplicationIdOnDisk() const;

  // How many rows the last statement changed.
  int changes() const;

 private:
  struct Close {
    void operator()(sqlite3* database) const;
  };
  explicit SqliteDatabase(sqlite3* database) : database_(database) {}
  static absl::StatusOr<SqliteDatabase> Open(const std::string& name, int flags);
  std::unique_ptr<sqlite3, Close> database_;
};

}  // namespace services
