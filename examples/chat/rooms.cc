#include "rooms.h"

#include <string_view>

namespace chat {
namespace {

constexpr std::size_t kMaxName = 32;
constexpr std::size_t kMaxText = 1000;

// What could do something to the terminal of a reader. Protobuf has seen to it that it is UTF-8.
bool HasControlCharacter(std::string_view text) {
  unsigned char before = 0;
  for (const char character : text) {
    const auto byte = static_cast<unsigned char>(character);
    const bool c0 = byte < 0x20 || byte == 0x7f;
    const bool c1 = before == 0xc2 && byte < 0xa0;  // U+0080 to U+009F.
    if (c0 || c1) return true;
    before = byte;
  }
  return false;
}

absl::Status Check(const std::string& what, const std::string& text, std::size_t max) {
  if (text.empty()) return absl::InvalidArgumentError("the " + what + " is empty");
  if (text.size() > max) {
    return absl::InvalidArgumentError("the " + what + " has " + std::to_string(text.size()) +
                                      " bytes; it may have " + std::to_string(max));
  }
  if (HasControlCharacter(text)) {
    return absl::InvalidArgumentError("the " + what + " has a control character");
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::unique_ptr<Seat>> Rooms::Join(const std::string& room,
                                                  const std::string& name) {
  absl::Status status = Check("room", room, kMaxName);
  if (status.ok()) status = Check("name", name, kMaxName);
  if (!status.ok()) return status;

  const std::lock_guard lock(mutex_);
  Room& there = rooms_[room];
  if (there.contains(name)) {
    return absl::AlreadyExistsError("there is a " + name + " in " + room + "; take another name");
  }
  v1::ChatResponse joined;
  joined.set_joined(name);
  TellAll(there, joined);

  auto seat = std::make_unique<Seat>(*this, room, name);
  there.emplace(name, seat.get());
  v1::ChatResponse welcome;
  for (const auto& [other, unused] : there) welcome.mutable_welcome()->add_names(other);
  Tell(*seat, welcome);
  return seat;
}

void Rooms::TellAll(const Room& room, const v1::ChatResponse& event) {
  for (const auto& [name, seat] : room) Tell(*seat, event);
}

void Rooms::Tell(Seat& seat, const v1::ChatResponse& event) {
  if (seat.unread_.size() == max_unread_) {
    seat.unread_.pop_front();
    ++seat.missed_;
  }
  seat.unread_.push_back(event);
  seat.changed_.Set();
}

absl::Status Seat::Say(const std::string& text) {
  absl::Status status = Check("text", text, kMaxText);
  if (!status.ok()) return status;
  v1::ChatResponse event;
  event.mutable_said()->set_name(name_);
  event.mutable_said()->set_text(text);
  const std::lock_guard lock(rooms_.mutex_);
  rooms_.TellAll(rooms_.rooms_[room_], event);
  return absl::OkStatus();
}

void Seat::Leave() {
  const std::lock_guard lock(rooms_.mutex_);
  if (std::exchange(left_, true)) return;
  const auto room = rooms_.rooms_.find(room_);
  room->second.erase(name_);
  v1::ChatResponse event;
  event.set_left(name_);
  rooms_.TellAll(room->second, event);
  if (room->second.empty()) rooms_.rooms_.erase(room);
  changed_.Set();
}

bool Seat::has_left() {
  const std::lock_guard lock(rooms_.mutex_);
  return left_;
}

std::optional<v1::ChatResponse> Seat::Next() {
  const std::lock_guard lock(rooms_.mutex_);
  if (missed_ > 0) {
    v1::ChatResponse event;
    event.set_missed(std::exchange(missed_, 0));
    return event;
  }
  if (unread_.empty()) return std::nullopt;
  v1::ChatResponse event = std::move(unread_.front());
  unread_.pop_front();
  return event;
}

}  // namespace chat
