// A thin C++ face of SQLite: what is opened gets closed, and errors are statuses.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

struct sqlite3;
struct sqlite3_stmt;

namespace services {

// A prepared statement; goes away before its database. One thread at a time, as the database.
class SqliteStatement {
 public:
  // The same text or number may be bound again after Reset(). Indexes count from 1.
  absl::Status Bind(int index, std::string_view text);

  // True: a row is there. False: the statement is done.
  absl::StatusOr<bool> Step();

  // Of the row that is there. Columns count from 0.
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
// DATA_LOSS, it is damaged or no database at all; FAILED_PRECONDITION, it cannot be opened or
// written; else INTERNAL. All with SQLite's own text.
class SqliteDatabase {
 public:
  // Opens the file at `path`, which is made when there is none; ":memory:" is gone with this.
  static absl::StatusOr<SqliteDatabase> Open(const std::string& path);

  // Opens the file as it is on the disk, for reading: takes no locks, and neither reads, makes nor
  // removes the files that a database has beside it. What another process is writing may be seen in
  // part.
  static absl::StatusOr<SqliteDatabase> OpenAsItIs(const std::string& path);

  absl::StatusOr<SqliteStatement> Prepare(std::string_view sql);

  // Runs one statement or several that need nothing and give nothing.
  absl::Status Execute(const std::string& sql);

  // The first column of the only row that `sql` gives.
  absl::StatusOr<std::int64_t> QueryNumber(std::string_view sql);

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
