#include "services/auth/sqlite.h"

#include <sqlite3.h>

#include <array>
#include <cstddef>
#include <system_error>

#include "absl/strings/str_cat.h"

namespace services {
namespace {

// The header of a file (sqlite.org/fileformat.html): how it begins, and where its application_id
// is, in four bytes, the highest first.
constexpr std::size_t kHeaderBytes = 100;
constexpr std::string_view kHeaderText("SQLite format 3\0", 16);
constexpr std::size_t kIdOffset = 68;

absl::StatusCode CodeOf(int result) {
  switch (result & 0xff) {  // Without the particulars of extended results.
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return absl::StatusCode::kUnavailable;
    case SQLITE_FULL:
    case SQLITE_NOMEM:
      return absl::StatusCode::kResourceExhausted;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return absl::StatusCode::kDataLoss;
    case SQLITE_CANTOPEN:
    case SQLITE_READONLY:
    case SQLITE_PERM:
      return absl::StatusCode::kFailedPrecondition;
    default:
      return absl::StatusCode::kInternal;
  }
}

bool IsWantOfRoom(const std::error_code& cause) {
  return cause == std::errc::no_space_on_device || cause == std::errc::file_too_large;
}

// An I/O error of SQLite may be a full disk, which only the system's error tells.
absl::Status IoErrorOf(sqlite3* database) {
  const std::error_code cause(sqlite3_system_errno(database), std::system_category());
  return absl::Status(
      IsWantOfRoom(cause) ? absl::StatusCode::kResourceExhausted : absl::StatusCode::kInternal,
      absl::StrCat("database: ", sqlite3_errmsg(database), cause ? ": " + cause.message() : ""));
}

absl::Status StatusOf(int result, sqlite3* database) {
  if (result == SQLITE_OK) return absl::OkStatus();
  if ((result & 0xff) == SQLITE_IOERR) return IoErrorOf(database);
  if ((result & 0xff) == SQLITE_NOTADB) {
    return absl::DataLossError(
        "the file is not a database, and was not changed; move it away, or choose a file that does "
        "not exist yet");
  }
  if ((result & 0xff) == SQLITE_CORRUPT) {
    return absl::DataLossError(absl::StrCat("the database is damaged (", sqlite3_errmsg(database),
                                            "); bring back a copy of it, or move it away"));
  }
  return absl::Status(CodeOf(result), absl::StrCat("database: ", sqlite3_errmsg(database)));
}

// Every byte as a number: whatever is in a path, none of it means something else in a URI.
std::string UriOf(const std::string& path) {
  std::string uri = "file:";
  for (const char c : path) {
    absl::StrAppend(&uri, "%", absl::Hex(static_cast<unsigned char>(c), absl::kZeroPad2));
  }
  return uri;
}

}  // namespace

void SqliteStatement::Finalize::operator()(sqlite3_stmt* statement) const {
  sqlite3_finalize(statement);
}

absl::Status SqliteStatement::Bind(int index, std::string_view text) {
  const int result = sqlite3_bind_text64(statement_.get(), index, text.data(), text.size(),
                                         SQLITE_TRANSIENT, SQLITE_UTF8);
  return StatusOf(result, sqlite3_db_handle(statement_.get()));
}

absl::StatusOr<bool> SqliteStatement::Step() {
  const int result = sqlite3_step(statement_.get());
  if (result == SQLITE_ROW) return true;
  if (result == SQLITE_DONE) return false;
  return StatusOf(result, sqlite3_db_handle(statement_.get()));
}

std::string SqliteStatement::Text(int column) const {
  const void* text = sqlite3_column_text(statement_.get(), column);
  const int size = sqlite3_column_bytes(statement_.get(), column);
  return std::string(static_cast<const char*>(text), static_cast<std::size_t>(size));
}

std::int64_t SqliteStatement::Number(int column) const {
  return sqlite3_column_int64(statement_.get(), column);
}

void SqliteStatement::Reset() {
  sqlite3_reset(statement_.get());  // Gives the error of the last Step() once more.
  sqlite3_clear_bindings(statement_.get());
}

void SqliteDatabase::Close::operator()(sqlite3* database) const { sqlite3_close(database); }

absl::StatusOr<SqliteDatabase> SqliteDatabase::Open(const std::string& name, int flags) {
  sqlite3* opened = nullptr;
  const int result = sqlite3_open_v2(name.c_str(), &opened, flags | SQLITE_OPEN_NOMUTEX, nullptr);
  SqliteDatabase database(opened);  // A connection that failed has to be closed, too.
  if (result != SQLITE_OK) return StatusOf(result, opened);
  sqlite3_busy_timeout(opened, static_cast<int>(kLockWait.count()));
  return database;
}

absl::StatusOr<SqliteDatabase> SqliteDatabase::Open(const std::string& path) {
  return Open(path, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
}

absl::StatusOr<SqliteDatabase> SqliteDatabase::OpenAsItIs(const std::string& path) {
  return Open(absl::StrCat(UriOf(path), "?immutable=1"), SQLITE_OPEN_READONLY | SQLITE_OPEN_URI);
}

absl::StatusOr<SqliteStatement> SqliteDatabase::Prepare(std::string_view sql) {
  sqlite3_stmt* statement = nullptr;
  const int result = sqlite3_prepare_v3(database_.get(), sql.data(), static_cast<int>(sql.size()),
                                        SQLITE_PREPARE_PERSISTENT, &statement, nullptr);
  if (result != SQLITE_OK) return StatusOf(result, database_.get());
  return SqliteStatement(statement);
}

absl::Status SqliteDatabase::Execute(const std::string& sql) {
  return StatusOf(sqlite3_exec(database_.get(), sql.c_str(), nullptr, nullptr, nullptr),
                  database_.get());
}

absl::StatusOr<std::int64_t> SqliteDatabase::QueryNumber(std::string_view sql) {
  absl::StatusOr<SqliteStatement> query = Prepare(sql);
  if (!query.ok()) return query.status();
  const absl::StatusOr<bool> row = query->Step();
  if (!row.ok()) return row.status();
  if (!*row) return absl::InternalError("database: a query returned no row");
  return query->Number(0);
}

// By SQLite's own descriptor: to close another one would give up the locks that this process has on
// the file.
std::int64_t SqliteDatabase::ApplicationIdOnDisk() const {
  sqlite3_file* file = nullptr;
  sqlite3_file_control(database_.get(), "main", SQLITE_FCNTL_FILE_POINTER, &file);
  std::array<char, kHeaderBytes> header;
  const bool read = file != nullptr && file->pMethods != nullptr &&
                    file->pMethods->xRead(file, header.data(), header.size(), 0) == SQLITE_OK;
  if (!read || !std::string_view(header.data(), header.size()).starts_with(kHeaderText)) return 0;
  std::uint32_t id = 0;
  for (int i = 0; i < 4; ++i) id = id << 8 | static_cast<unsigned char>(header[kIdOffset + i]);
  return id;
}

int SqliteDatabase::changes() const { return sqlite3_changes(database_.get()); }

}  // namespace services
