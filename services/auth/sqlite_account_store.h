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
// loss of power. Errors name the path: FAILED_PRECONDITION, made by a newer version, or it cannot
// be opened; DATA_LOSS, not a database; UNAVAILABLE, locked by another process.
absl::StatusOr<std::unique_ptr<AccountStore>> OpenAccountStore(const std::string& path);

}  // namespace services
