#include "services/auth/sqlite_account_store.h"

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <system_error>
#include <thread>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/strings/str_cat.h"
#include "piperpc/internal/mutex.h"
#include "services/auth/private_file.h"
#include "services/auth/sqlite.h"

namespace services {
namespace {

constexpr std::chrono::milliseconds kLockPause{5};

constexpr std::int64_t kSchemaVersion = 1;

constexpr char kCreateSchema[] = R"sql(
    CREATE TABLE account (
      username TEXT PRIMARY KEY NOT NULL,
      password_hash TEXT NOT NULL
    ) STRICT, WITHOUT ROWID;
    PRAGMA user_version = 1;
)sql";

// Says in the file's header whose it is: "PRac", for accounts of PipeRPC.
constexpr std::int64_t kApplicationId = 0x50526163;
constexpr char kMarkAsOurs[] = "PRAGMA application_id = 1347576163";

// Of a file that bears no application's number: nothing is in it, or our table and no other.
constexpr char kCountOthers[] =
    "SELECT count(*) FROM sqlite_master WHERE name <> 'account' AND name NOT LIKE 'sqlite_%'";
constexpr char kCountOurColumns[] =
    "SELECT count(*) FROM pragma_table_info('account') "
    "WHERE (name = 'username' AND pk = 1) OR (name = 'password_hash' AND pk = 0)";
constexpr char kCountColumns[] = "SELECT count(*) FROM pragma_table_info('account')";

constexpr char kFind[] = "SELECT password_hash FROM account WHERE username = ?1";
constexpr char kInsert[] =
    "INSERT INTO account (username, password_hash) VALUES (?1, ?2) "
    "ON CONFLICT (username) DO NOTHING";
constexpr char kReplace[] =
    "UPDATE account SET password_hash = ?3 WHERE username = ?1 AND password_hash = ?2";

absl::Status AnotherPrograms(std::int64_t id) {
  return absl::FailedPreconditionError(
      absl::StrCat("the file is a database of another program (application_id ", id,
                   ") and was not changed; choose a file that does not exist yet"));
}

// Reads only. All numbers are of one moment: another process may make the schema meanwhile.
absl::Status CheckWhose(SqliteDatabase& database) {
  std::int64_t id = 0, version = 0, others = 0, ours = 0, columns = 0;
  const std::pair<const char*, std::int64_t*> queries[] = {{"PRAGMA application_id", &id},
                                                           {"PRAGMA user_version", &version},
                                                           {kCountOthers, &others},
                                                           {kCountOurColumns, &ours},
                                                           {kCountColumns, &columns}};
  for (const auto& [sql, number] : queries) {
    const absl::StatusOr<std::int64_t> found = database.QueryNumber(sql);
    if (!found.ok()) return found.status();
    *number = *found;
  }
  if (id == kApplicationId) return absl::OkStatus();
  const bool empty = version == 0 && columns == 0;
  const bool unmarked = version == kSchemaVersion && ours == 2 && columns == 2;
  if (id == 0 && others == 0 && (empty || unmarked)) return absl::OkStatus();
  return AnotherPrograms(id);
}

// What was not finished is written into this file by who opens the database next.
absl::Status CheckNothingUnfinished(const std::string& path) {
  for (const char* suffix : {"-wal", "-journal"}) {
    const std::string beside = path + suffix;
    std::error_code missing;
    const auto bytes = std::filesystem::file_size(
        std::filesystem::path(std::u8string(beside.begin(), beside.end())), missing);
    if (missing || bytes == 0) continue;
    return absl::FailedPreconditionError(
        absl::StrCat("the file was not made by this program, and unfinished changes of another "
                     "program are in ",
                     beside, "; neither was changed; choose a file that does not exist yet"));
  }
  return absl::OkStatus();
}

// Before anything is done to the file: neither it nor what is beside it is changed by this look.
// Where the program ended while it made the file, only the mark can be read until SQLite has mended
// it.
absl::Status LookWhose(const std::string& path) {
  absl::StatusOr<SqliteDatabase> database = SqliteDatabase::OpenAsItIs(path);
  if (!database.ok()) return database.status();
  if (database->ApplicationIdOnDisk() == kApplicationId) return absl::OkStatus();
  const absl::StatusOr<std::int64_t> pages = database->QueryNumber("PRAGMA page_count");
  if (!pages.ok()) return pages.status();
  // Another process may have made the file between these two looks.
  if (*pages == 0 || database->ApplicationIdOnDisk() == kApplicationId) return absl::OkStatus();
  absl::Status status = CheckNothingUnfinished(path);
  return status.ok() ? CheckWhose(*database) : status;
}

absl::Status CreateSchemaIfNew(SqliteDatabase& database) {
  const absl::StatusOr<std::int64_t> version = database.QueryNumber("PRAGMA user_version");
  if (!version.ok()) return version.status();
  if (*version == 0) return database.Execute(kCreateSchema);
  if (*version <= kSchemaVersion) return absl::OkStatus();
  return absl::FailedPreconditionError(absl::StrCat("the accounts have version ", *version,
                                                    "; this program knows versions up to ",
                                                    kSchemaVersion));
}

// The schema is looked at and made in one transaction: another process may do so at this moment.
// The log is begun after that, so that there is none beside a file without our mark.
absl::Status Configure(SqliteDatabase& database) {
  absl::Status status = database.Execute("PRAGMA synchronous = FULL; BEGIN IMMEDIATE");
  if (status.ok()) status = CheckWhose(database);
  if (status.ok()) status = CreateSchemaIfNew(database);
  if (status.ok()) status = database.Execute(kMarkAsOurs);
  if (status.ok()) status = database.Execute("COMMIT; PRAGMA journal_mode = WAL");
  return status;  // An open transaction goes away with the connection.
}

// Makes a prepared statement ready for its next use, however this one ends.
class ResetOnExit {
 public:
  explicit ResetOnExit(SqliteStatement& statement) : statement_(statement) {}
  ~ResetOnExit() { statement_.Reset(); }
  ResetOnExit(const ResetOnExit&) = delete;
  ResetOnExit& operator=(const ResetOnExit&) = delete;

 private:
  SqliteStatement& statement_;
};

// Binds the texts in their order and takes the first step.
template <typename... Texts>
absl::StatusOr<bool> Run(SqliteStatement& statement, const Texts&... texts) {
  absl::Status bound;
  int index = 0;
  ((bound.ok() ? void(bound = statement.Bind(++index, texts)) : void()), ...);
  if (!bound.ok()) return bound;
  return statement.Step();
}

class SqliteAccountStore final : public AccountStore {
 public:
  SqliteAccountStore(SqliteDatabase database, SqliteStatement find, SqliteStatement insert,
                     SqliteStatement replace)
      : database_(std::move(database)),
        find_(std::move(find)),
        insert_(std::move(insert)),
        replace_(std::move(replace)) {}

  absl::StatusOr<std::optional<std::string>> FindHash(std::string_view username) override {
    const piperpc::internal::MutexLock lock(mutex_);
    const ResetOnExit reset(find_);
    const absl::StatusOr<bool> found = Run(find_, username);
    if (!found.ok()) return found.status();
    std::optional<std::string> hash;
    if (*found) hash = find_.Text(0);
    return hash;
  }

  absl::StatusOr<bool> Insert(std::string_view username, std::string_view hash) override {
    const piperpc::internal::MutexLock lock(mutex_);
    const ResetOnExit reset(insert_);
    const absl::StatusOr<bool> done = Run(insert_, username, hash);
    if (!done.ok()) return done.status();
    return database_.changes() == 1;
  }

  absl::Status ReplaceHash(std::string_view username, std::string_view old_hash,
                           std::string_view new_hash) override {
    const piperpc::internal::MutexLock lock(mutex_);
    const ResetOnExit reset(replace_);
    return Run(replace_, username, old_hash, new_hash).status();
  }

 private:
  piperpc::internal::Mutex mutex_;  // A connection serves one thread at a time.
  SqliteDatabase database_ ABSL_GUARDED_BY(mutex_);
  SqliteStatement find_ ABSL_GUARDED_BY(mutex_);
  SqliteStatement insert_ ABSL_GUARDED_BY(mutex_);
  SqliteStatement replace_ ABSL_GUARDED_BY(mutex_);
};

// A file that is there keeps its access until it is known to be ours.
absl::Status PrepareFile(const std::string& path) {
  absl::Status status = LookWhose(path);
  for (const char* suffix : {"", "-wal", "-shm", "-journal"}) {
    if (status.ok()) status = RestrictToOwner(path + suffix);
  }
  return status;
}

absl::StatusOr<std::unique_ptr<AccountStore>> TryToOpen(const std::string& path) {
  absl::Status prepared = path == kInMemory ? absl::OkStatus() : PrepareFile(path);
  if (!prepared.ok()) return prepared;
  absl::StatusOr<SqliteDatabase> database = SqliteDatabase::Open(path);
  if (!database.ok()) return database.status();
  absl::Status configured = Configure(*database);
  if (!configured.ok()) return configured;
  absl::StatusOr<SqliteStatement> find = database->Prepare(kFind);
  if (!find.ok()) return find.status();
  absl::StatusOr<SqliteStatement> insert = database->Prepare(kInsert);
  if (!insert.ok()) return insert.status();
  absl::StatusOr<SqliteStatement> replace = database->Prepare(kReplace);
  if (!replace.ok()) return replace.status();
  return std::make_unique<SqliteAccountStore>(*std::move(database), *std::move(find),
                                              *std::move(insert), *std::move(replace));
}

// SQLite does not wait for every lock by itself: not where the log begins, for one. For others it
// does, so the last try may come late, and wait as long again.
absl::StatusOr<std::unique_ptr<AccountStore>> Open(const std::string& path) {
  using Clock = std::chrono::steady_clock;
  for (const Clock::time_point limit = Clock::now() + kLockWait;;) {
    absl::StatusOr<std::unique_ptr<AccountStore>> store = TryToOpen(path);
    if (!absl::IsUnavailable(store.status()) || Clock::now() >= limit) return store;
    std::this_thread::sleep_for(kLockPause);
  }
}

}  // namespace

absl::StatusOr<std::unique_ptr<AccountStore>> OpenAccountStore(const std::string& path) {
  if (path != kInMemory) {
    absl::Status made = MakePrivateFile(path);
    if (!made.ok()) return made;
  }
  absl::StatusOr<std::unique_ptr<AccountStore>> store = Open(path);
  if (store.ok()) return store;
  return absl::Status(store.status().code(),
                      absl::StrCat("account store ", path, ": ", store.status().message()));
}

}  // namespace services
