// Stores accounts in an SQLite file.
#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "services/auth/account_store.h"

namespace services {

// A path for OpenAccountStore(): accounts in memory only.
inline constexpr char kInMemory[] = ":memory:";

// Opens the accounts in the file `path`, which only its owner can read; creates the file and its
// folder if they do not exist. Uses a write-ahead log with synchronous=FULL, so that changes
// survive a crash and a loss of power once they are acknowledged.
//
// The file is marked with an application_id. A file without one is accepted when it is empty or
// contains only the accounts' table, and has no unfinished writes. No other file is changed, nor
// are its access rights and the files next to it.
//
// Errors name the path.
//   FAILED_PRECONDITION: the file is a database of another program or of a newer version, or cannot
//   be
//     opened or written.
//   DATA_LOSS: it is not a database, or damaged.
//   UNAVAILABLE: another process has it locked, and had for 5 to 10 s.
absl::StatusOr<std::unique_ptr<AccountStore>> OpenAccountStore(const std::string& path);

}  // namespace services
