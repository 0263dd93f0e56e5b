// Who is in which room, and what each of them is still to be told.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "chat/v1/chat.pb.h"
#include "piperpc/async.h"

namespace chat {

class Seat;

// Thread-safe: handlers of several connections may run on several event loops.
class Rooms {
 public:
  // `max_unread`, 1 or more: so many events may wait for one who reads slowly. When there are more,
  // the oldest is dropped.
  explicit Rooms(std::size_t max_unread) : max_unread_(max_unread) {}

  // Joins a room, which is made when it is needed. INVALID_ARGUMENT: one of the names is not valid.
  // ALREADY_EXISTS: somebody has that name there. The seat must not outlive this.
  absl::StatusOr<std::unique_ptr<Seat>> Join(const std::string& room, const std::string& name);

 private:
  friend class Seat;
  using Room = std::map<std::string, Seat*>;

  // With the mutex.
  void TellAll(const Room& room, const v1::ChatResponse& event);
  void Tell(Seat& seat, const v1::ChatResponse& event);

  const std::size_t max_unread_;
  std::mutex mutex_;
  std::map<std::string, Room> rooms_;
};

// One who is in a room, until it leaves or goes away.
class Seat {
 public:
  Seat(Rooms& rooms, std::string room, std::string name)
      : rooms_(rooms), room_(std::move(room)), name_(std::move(name)) {}
  ~Seat() { Leave(); }
  Seat(const Seat&) = delete;
  Seat& operator=(const Seat&) = delete;

  // Tells all in the room. INVALID_ARGUMENT: `text` is not valid. Not after Leave().
  absl::Status Say(const std::string& text);

  // Tells the others. Nothing the second time.
  void Leave();
  bool has_left();

  // What has happened, in order; none: nothing since the last time.
  std::optional<v1::ChatResponse> Next();

  // Set when there is something new: an event, or that it has left.
  piperpc::AsyncEvent& changed() { return changed_; }

 private:
  friend class Rooms;
  Rooms& rooms_;
  const std::string room_;
  const std::string name_;
  piperpc::AsyncEvent changed_;

  // These with the mutex of the rooms.
  bool left_ = false;
  std::uint64_t missed_ = 0;
  std::deque<v1::ChatResponse> unread_;
};

}  // namespace chat
