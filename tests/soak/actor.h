// One user of the servers under load: a thread that goes on until it is told to end.
#pragma once

#include <chrono>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <random>
#include <stop_token>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "floods/tally.h"
#include "piperpc/channel.h"
#include "piperpc/io_thread.h"

namespace piperpc::soak {

// Where the servers are, and how to reach them.
struct Target {
  std::string daemon;  // The endpoint of a piperpcd.
  std::string shapes;  // That of a ShapesService (support/shapes_service.h).
  std::string backend;
  std::shared_ptr<IoThread> io_thread;  // For channels that share one.
};

// What an actor acts with: random numbers of its own, its pace, and what came of its calls. Used by
// one thread.
class Actor {
 public:
  Actor(const Target& target, std::uint32_t seed, std::stop_token stop)
      : target_(target), random_(seed), stop_(std::move(stop)) {}

  const Target& target() const { return target_; }
  const std::stop_token& stop() const { return stop_; }
  floods::Tally& tally() { return tally_; }

  int Number(int least, int most) { return std::uniform_int_distribution(least, most)(random_); }
  bool Chance(int percent) { return Number(1, 100) <= percent; }

  // Mostly small ones, some of up to `most` bytes.
  std::string Text(int most);

  // A random time, `mean` on average. False: it is the end.
  bool Pause(std::chrono::microseconds mean);
  std::chrono::microseconds RandomTime(std::chrono::microseconds mean);

  // A new channel, on a thread of its own or on the shared one.
  std::shared_ptr<Channel> ConnectTo(const std::string& endpoint);

  // Counts how `what` ended. Another status than OK and those expected is told on standard error,
  // where nothing else is.
  void Count(std::string_view what, const absl::Status& status,
             std::initializer_list<absl::StatusCode> expected = {});

  // Tells it there unless `good`.
  void Require(bool good, std::string_view what);

 private:
  const Target& target_;
  std::mt19937 random_;
  const std::stop_token stop_;
  floods::Tally tally_;
};

// Calls of all three services of a piperpcd on connections that are logged in: with and without
// deadlines, cancelled, and left behind.
void RunSessions(Actor& actor);

// Subscribers of every policy, fast and slow ones.
void RunSubscribers(Actor& actor);

// Every form of call (support/raw_forms.h), with small and large messages.
void RunShapes(Actor& actor);

// Health, reflection, and connections that come and go.
void RunNewcomers(Actor& actor);

// Connections that break the protocol, or end in the middle of something.
void RunHostile(Actor& actor);

}  // namespace piperpc::soak
