#include "services/auth/login_turns.h"

#include <algorithm>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "services/auth/login_key.h"

namespace services {

absl::StatusOr<std::unique_ptr<LoginTurns::Turn>> LoginTurns::Join(std::string_view username,
                                                                   std::string_view peer) {
  // Leaves the line when something below fails, and takes the lock for that: declared before it.
  auto turn = std::make_unique<Turn>(*this, LoginKey(username, peer));
  std::lock_guard lock(mutex_);
  std::list<Turn*>& line = lines_[turn->key_];
  if (line.size() >= max_in_line_) {
    return absl::ResourceExhaustedError(
        absl::StrCat(line.size(), " logins of this user name are in progress; the limit is ",
                     max_in_line_, "; try again later"));
  }
  line.push_back(turn.get());
  if (line.size() == 1) turn->is_first_.Set();
  return turn;
}

void LoginTurns::Leave(Turn& turn) {
  std::lock_guard lock(mutex_);
  const auto found = lines_.find(turn.key_);
  if (found == lines_.end()) return;
  std::list<Turn*>& line = found->second;
  const auto place = std::find(line.begin(), line.end(), &turn);
  if (place == line.end()) return;
  const bool was_first = place == line.begin();
  line.erase(place);
  if (line.empty()) {
    lines_.erase(found);
  } else if (was_first) {
    line.front()->is_first_.Set();
  }
}

}  // namespace services
