// What a case against a client is: what a hostile server does to a call, how the call ends, and
// what becomes of the connection.
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "conformance/frames.h"

namespace piperpc::conformance {

// How the call is made. Each of them opens a stream of requests, or sends the one request, at once.
enum class Form { kBlocking, kCallback, kReader, kMessageCallback, kWriter, kBoth };
using Forms = std::vector<Form>;

inline const Forms kOneReply = {Form::kBlocking, Form::kCallback, Form::kWriter};
inline const Forms kStreamed = {Form::kReader, Form::kMessageCallback, Form::kBoth};
inline const Forms kAllForms = {Form::kBlocking,        Form::kCallback, Form::kReader,
                                Form::kMessageCallback, Form::kWriter,   Form::kBoth};

// How far the connection has come.
enum class Stage {
  kConnected,  // The client has said HELLO, and sent its REQUEST.
  kGreeted,    // So has the server.
  kSecond,     // Call 1 has ended; it is call 2 that is tried.
};

enum class Then {
  kLives,      // The next call is made on the same connection.
  kCancels,    // The same, and the client has sent CANCEL for this one.
  kLeaves,     // The client says GOAWAY with `said`, and closes.
  kCloses,     // The connection ends.
  kElsewhere,  // The client makes the call again, on the next connection, and is well served.
};

// The call ends with this.
struct End {
  absl::StatusCode code = absl::StatusCode::kOk;
  std::string text{};                  // A part of what the status says.
  std::vector<std::string> replies{};  // All of them, in this order.
};

struct ClientCase {
  std::string name;  // Of the damage.
  Forms forms;
  std::vector<std::string> packets;
  End end{};
  Then then = Then::kLives;
  Stage stage = Stage::kGreeted;
  absl::StatusCode said = absl::StatusCode::kInvalidArgument;
  bool hangs_up = false;                 // The server, when all is sent.
  int connections = 1;                   // On so many, one after the other, it does the same.
  std::chrono::milliseconds timeout{0};  // Of the call; 0: a usual one.
};

using ClientCases = std::vector<ClientCase>;

// The call that is tried.
inline constexpr std::uint64_t kCall = 1;
inline constexpr std::uint64_t kSecondCall = 2;

// What the client takes.
inline constexpr std::size_t kMaxReply = 256 * 1024;
inline constexpr std::uint64_t kStreamCredit = 64 * 1024;

std::string ServerHello(std::string_view more_fields = {});

// Breaks the protocol, in each form: the call ends with INTERNAL.
ClientCase Violation(std::string name, std::string packet, std::string_view text,
                     Forms forms = kAllForms);

// Changes nothing: the call goes on, and is answered.
ClientCase NoMatter(std::string name, std::vector<std::string> packets, Forms forms = kOneReply);

// The tables, one file for each theme.
ClientCases DamageByServer();
ClientCases HellosOfServer();
ClientCases RepliesOfServer();
ClientCases StreamsOfServer();
ClientCases GoawaysOfServer();
ClientCases FloodsOfServer();
ClientCases SilenceOfServer();

}  // namespace piperpc::conformance
