// What a case against a server is: a state, what an offender sends in it, and what PROTOCOL.md says
// it gets for that.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "conformance/damage.h"
#include "conformance/frames.h"
#include "piperpc/server.h"

namespace piperpc::conformance {

// How far the offender's connection has come.
enum class Before {
  kNothing,    // It is connected.
  kHello,      // Both have said HELLO.
  kAnswered,   // Call 1 has ended.
  kStream,     // Call 1, of Concat, streams requests.
  kInMessage,  // The same, and half of a message of 8 bytes has come.
  kInRequest,  // Half of the request of call 1, of 8 bytes, has come.
  kServed,     // Call 1 is with its handler, which waits to be stopped.
};

struct Expectation {
  enum class What { kHello, kPong, kReply, kRefusal, kMessage, kGoaway, kEnd, kLetsGo };
  What what;
  std::uint64_t call_id = 0;
  absl::StatusCode code = absl::StatusCode::kOk;
  std::string text{};  // What comes; of a status, a part of what it says.
};

// GOAWAY with this status, and the end of the connection.
Expectation Closes(absl::StatusCode code, std::string_view text);
Expectation ProtocolError(std::string_view text);

// The end of the connection, whether a GOAWAY says why or not.
Expectation Ends();

// RESPONSE: with this message, or with a status that is not OK.
Expectation Replies(std::uint64_t call_id, std::string_view payload);
Expectation Refuses(std::uint64_t call_id, absl::StatusCode code, std::string_view text);

Expectation Sends(std::uint64_t call_id, std::string_view payload);  // MESSAGE
Expectation Pongs(std::string_view payload);
Expectation Greets();  // HELLO

// Not of the server: from here on the handlers of ReadLate go on.
Expectation LetsGo();

struct ServerCase {
  std::string name;  // Of the damage.
  Before before = Before::kHello;
  std::vector<std::string> packets;
  // In this order, and nothing else, but for CREDIT. Unless the last of them is the end, the
  // connection goes on. Nothing at all: what came is ignored.
  std::vector<Expectation> expected{};
  bool hangs_up = false;                    // The offender, when all is sent.
  void (*limit)(ServerOptions&) = nullptr;  // Other than the usual ones.
};

using ServerCases = std::vector<ServerCase>;

// The case in every state, or in those in which a connection is greeted; named after both.
ServerCases InEveryState(const ServerCases& cases);
ServerCases InEveryStateBehindHello(const ServerCases& cases);

// Each of them is a protocol error.
ServerCases ErrorsOf(const std::vector<Damage>& damages);

// The tables, one file for each theme.
ServerCases Lengths();
ServerCases Truncation();
ServerCases Fields();
ServerCases Hellos();
ServerCases Kinds();
ServerCases Ids();
ServerCases States();
ServerCases Messages();
ServerCases MetadataCases();
ServerCases CreditCases();
ServerCases Deadlines();
ServerCases Pings();
ServerCases Goaways();
ServerCases Payloads();
ServerCases Bombs();
ServerCases Closing();

}  // namespace piperpc::conformance
