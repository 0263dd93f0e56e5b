#include "src/server/turns.h"

#include "src/server/connection.h"

namespace piperpc::server {
namespace {

// Turns of one user in an iteration. So few that a client of another user waits for little; each
// iteration costs little beside them.
constexpr std::size_t kTurnsAtOnce = 4;

}  // namespace

Turns::~Turns() {
  loop_.Cancel(*this);
  loop_.Undefer(*this);
}

bool Turns::Take(TurnLine& line, Connection& connection) {
  if (line.waiting.Contains(connection)) return false;
  loop_.Defer(*this);  // Comes after all connections that were deferred in this iteration.
  if (line.waiting.empty() && line.taken < kTurnsAtOnce) {
    Count(line);
    return true;
  }
  line.waiting.push_back(connection);
  return false;
}

void Turns::Count(TurnLine& line) {
  ++line.taken;
  if (!busy_.Contains(line)) busy_.push_back(line);
}

void Turns::Leave(TurnLine& line, Connection& connection) {
  if (line.waiting.Contains(connection)) line.waiting.Remove(connection);
  if (!line.waiting.empty() || !busy_.Contains(line)) return;
  busy_.Remove(line);  // It may have been the last connection of its user.
  line.taken = 0;
}

// The next iteration is another one for everybody.
void Turns::OnIterationEnd() {
  for (std::size_t left = busy_.size(); left > 0; --left) {
    TurnLine& line = busy_.Pop();
    line.taken = 0;
    if (!line.waiting.empty()) busy_.push_back(line);
  }
  if (!busy_.empty()) loop_.Schedule(*this, loop_.Now());
}

void Turns::OnTimer() {
  loop_.Defer(*this);
  for (std::size_t left = busy_.size(); left > 0 && !busy_.empty(); --left) {
    TurnLine& line = busy_.Pop();
    busy_.push_back(line);
    GiveTurns(line);
  }
}

void Turns::GiveTurns(TurnLine& line) {
  while (!line.waiting.empty() && line.taken < kTurnsAtOnce) {
    ++line.taken;
    line.waiting.Pop().OnTurn();
  }
}

}  // namespace piperpc::server
