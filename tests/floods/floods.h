// What an offender does to a server, for as long as it is told to.
#pragma once

#include <chrono>
#include <cstddef>
#include <map>
#include <string>

#include "floods/tally.h"

namespace piperpc::floods {

struct Flood {
  std::string endpoint;
  std::size_t count;  // Of what the flood is made of: calls, clients, logins.
  std::chrono::milliseconds duration;
};

// By name.
using Floods = std::map<std::string, void (*)(const Flood&, Tally&)>;

// --- Frames by hand. ---

// `count` calls on one connection, each cancelled in the packet that begins it.
void CancelCalls(const Flood& flood, Tally& tally);

// `count` clients that connect and say nothing. Who is disconnected comes again; at least one is.
void StayMute(const Flood& flood, Tally& tally);

// Connects and closes, one after the other.
void ConnectAndClose(const Flood& flood, Tally& tally);

// `count` connections, each with a request of which only half is sent. When a call has ended, its
// connection begins the next one a second later. Until one has ended, at least.
void SendHalves(const Flood& flood, Tally& tally);

// `count` connections that ask for small replies, as often as the server reads, and read none
// before the end.
void LeaveSmallRepliesUnread(const Flood& flood, Tally& tally);

// The same, logged in and with large replies.
void LeaveLargeRepliesUnread(const Flood& flood, Tally& tally);

// --- Clients of the library. ---

// `count` logins at once, each with a name of its own; as soon as all have ended, the next so many.
void LogIn(const Flood& flood, Tally& tally);

// `count` subscribers, and one login a second.
void Subscribe(const Flood& flood, Tally& tally);

// --- No client at all: what a busy machine alone does to a bystander. ---

// `count` threads that only compute.
void Compute(const Flood& flood, Tally& tally);

// --- What not every system has. ---

// Those of this system.
Floods SystemFloods();

}  // namespace piperpc::floods
