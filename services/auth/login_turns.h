// Lets one login of a name be tried at a time.
#pragma once

#include <cstddef>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

#include "absl/status/statusor.h"
#include "piperpc/async.h"

namespace services {

// A line for each pair of a user name and a peer (piperpc::Peer::user): who is first may try, the
// others wait. Without it, guesses that arrive together would all be looked at before the first of
// them has failed, and none would be slowed down. Thread-safe. Outlives its turns.
class LoginTurns {
 public:
  // `max_in_line`: of one line, at least 1.
  explicit LoginTurns(std::size_t max_in_line) : max_in_line_(max_in_line) {}
  LoginTurns(const LoginTurns&) = delete;
  LoginTurns& operator=(const LoginTurns&) = delete;

  // A place in line; its destructor gives it up, which may be on any thread.
  class Turn {
   public:
    Turn(LoginTurns& turns, std::string key) : turns_(turns), key_(std::move(key)) {}
    ~Turn() { turns_.Leave(*this); }
    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;

    // Set when it is first in line, which it then stays.
    piperpc::AsyncEvent& is_first() { return is_first_; }

   private:
    friend class LoginTurns;
    LoginTurns& turns_;
    const std::string key_;
    piperpc::AsyncEvent is_first_;
  };

  // Takes the last place. RESOURCE_EXHAUSTED names the limit when the line is full.
  absl::StatusOr<std::unique_ptr<Turn>> Join(std::string_view username, std::string_view peer);

 private:
  void Leave(Turn& turn);

  const std::size_t max_in_line_;
  std::mutex mutex_;
  std::unordered_map<std::string, std::list<Turn*>> lines_;
};

}  // namespace services
