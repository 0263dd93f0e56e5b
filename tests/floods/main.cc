// flood FLOOD ENDPOINT COUNT MILLISECONDS: floods a server, and prints what came of it.
// flood bystander ENDPOINT: uses it meanwhile. tests/floods/run runs both.
#include <chrono>
#include <cstdlib>
#include <iostream>
#include <string>

#include "floods/bystander.h"
#include "floods/floods.h"

namespace {

using namespace piperpc::floods;

Floods AllFloods() {
  Floods floods = SystemFloods();
  floods.insert({
      {"cancel", &CancelCalls},
      {"mute", &StayMute},
      {"connect", &ConnectAndClose},
      {"logins", &LogIn},
      {"subscribers", &Subscribe},
      {"halves", &SendHalves},
      {"unread_small", &LeaveSmallRepliesUnread},
      {"unread_large", &LeaveLargeRepliesUnread},
      {"compute", &Compute},
  });
  return floods;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string name = argc > 1 ? argv[1] : "";
  if (name == "bystander" && argc == 3) return RunBystander(argv[2]);
  const Floods floods = AllFloods();
  const auto flood = floods.find(name);
  if (flood == floods.end() || argc != 5) {
    std::cerr << "usage: flood FLOOD ENDPOINT COUNT MILLISECONDS\n"
                 "       flood bystander ENDPOINT\n";
    return 64;
  }
  Tally tally;
  flood->second({.endpoint = argv[2],
                 .count = std::strtoul(argv[3], nullptr, 10),
                 .duration = std::chrono::milliseconds(std::strtol(argv[4], nullptr, 10))},
                tally);
  tally.Print();
}
