// Accounts in one SQLite file.
#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "services/auth/account_store.h"

namespace services {

// For OpenAccountStore(): accounts that are gone with the store.
inline constexpr char kInMemory[] = ":memory:";

// Opens the accounts in the file `path`, readable by its owner only; a file and its folder are made
// when there are none. Write-ahead log, synchronous=FULL: what was answered survives a crash and a
// loss of power. A file bears an application_id of ours; one without any is taken over when it is
// empty, or holds the accounts' table and nothing else, and no unfinished writes are beside it.
// Every other file is left as it is, with what is beside it and who may use it.
// Errors name the path: FAILED_PRECONDITION, a database of another program, made by a newer
// version, or it cannot be opened or written; DATA_LOSS, not a database; UNAVAILABLE, locked by
// another process.
absl::StatusOr<std::unique_ptr<AccountStore>> OpenAccountStore(const std::string& path);

}  // namespace services
