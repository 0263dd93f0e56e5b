// Floods of frames that are made by hand.
#include <algorithm>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "auth/v1/auth.pb.h"
#include "floods/floods.h"
#include "piperpc/v1/reflection.pb.h"
#include "src/transport/transport.h"
#include "support/call_frames.h"
#include "support/wire_client.h"
#include "upper/v1/upper.pb.h"

namespace piperpc::floods {
namespace {

using testing::OwnedFrame;
using testing::WireClient;
using wire::FrameKind;

constexpr base::TimePoint kNow{};  // What has passed is not waited for.
constexpr std::chrono::milliseconds kPause{20};
constexpr std::chrono::seconds kPatience{20};
constexpr std::chrono::seconds kLastLook{1};

// Where a client's connection is, null once it has ended.
using Client = std::unique_ptr<WireClient>;

Client Connect(const Flood& flood, Tally& tally) {
  static transport::Transport& transport = **transport::SystemTransport("auto");
  auto pipe =
      transport.Connect(*Endpoint::Parse(flood.endpoint), {.deadline = base::After(kPatience)});
  if (pipe.ok()) return std::make_unique<WireClient>(*std::move(pipe));
  tally.Add(absl::StrCat("not connected: ", absl::StatusCodeToString(pipe.status().code())));
  return nullptr;
}

// Counts `frame`. True: it ends a call.
bool Count(const OwnedFrame& frame, Tally& tally) {
  if (frame.kind == FrameKind::kResponse && (frame.flags & wire::kMore) == 0) {
    tally.Add(frame.status);
    return true;
  }
  if (frame.kind == FrameKind::kGoaway) {
    const auto goaway = wire::DecodeGoaway(frame.payload);
    const auto code = goaway.ok() ? goaway->status.code() : absl::StatusCode::kUnknown;
    tally.Add(absl::StrCat("GOAWAY ", absl::StatusCodeToString(code)));
  }
  return false;
}

// Reads a frame, waiting for it until `limit`, and counts it; lets go of a connection that has
// ended. True: there was a frame; `ended` counts the calls that it ends.
bool ReadOne(Client& client, base::TimePoint limit, Tally& tally, std::size_t& ended) {
  const auto frame = client->Next(limit);
  if (frame.ok()) {
    ended += Count(*frame, tally) ? 1 : 0;
    return true;
  }
  if (!absl::IsDeadlineExceeded(frame.status())) {
    tally.Add(absl::IsUnavailable(frame.status()) ? "closed" : "connection broken");
    client.reset();
  }
  return false;
}

// All that has come by now; the number of calls that it ends.
std::size_t ReadAll(Client& client, Tally& tally) {
  std::size_t ended = 0;
  while (client != nullptr && ReadOne(client, kNow, tally, ended)) {
  }
  return ended;
}

// False: the server does not read at this moment, or has closed, as the next read will tell.
bool Send(const Client& client, std::string_view packet) {
  return client->TrySend(packet, kNow).ok();
}

// A connection whose limits are the server's, because its Hello has come.
Client Greeted(const Flood& flood, Tally& tally) {
  Client client = Connect(flood, tally);
  if (client == nullptr) return nullptr;
  std::size_t ended = 0;
  Send(client, testing::EncodedHello());
  ReadOne(client, base::After(kPatience), tally, ended);
  return client;
}

std::vector<Client> ManyGreeted(const Flood& flood, Tally& tally) {
  std::vector<Client> clients(flood.count);
  for (Client& client : clients) client = Greeted(flood, tally);
  return clients;
}

// Sends the packets that `next` makes, until the server reads no more, on every connection and
// again and again; then reads what it has said by then, or says in a moment.
template <typename Next>
void SendWithoutReading(const Flood& flood, std::vector<Client> clients, Next next, Tally& tally) {
  const base::TimePoint end = base::After(flood.duration);
  std::vector<std::uint64_t> ids(clients.size(), 1);
  do {
    for (std::size_t i = 0; i < clients.size(); ++i) {
      while (clients[i] != nullptr && Send(clients[i], next(ids[i] + 1))) ++ids[i];
    }
    std::this_thread::sleep_for(kPause);
  } while (base::Clock::now() < end);
  const base::TimePoint last = base::After(kLastLook);
  std::size_t ended = 0;
  for (Client& client : clients) {
    while (client != nullptr && base::Clock::now() < last && ReadOne(client, kNow, tally, ended)) {
    }
    tally.Add("still open", client != nullptr ? 1 : 0);
  }
}

std::string LargeRequest(std::uint64_t id) {
  static const std::string text = [] {
    upper::v1::UppercaseRequest request;
    request.set_text(std::string(100 * 1024, 'x'));
    return request.SerializeAsString();
  }();
  return testing::EncodedRequest(id, "upper.v1.UpperService/Uppercase", text);
}

// Its first call is a login.
Client LoggedIn(const Flood& flood, Tally& tally) {
  Client client = Greeted(flood, tally);
  if (client == nullptr) return nullptr;
  auth::v1::LoginRequest request;
  request.set_username("offender");
  request.set_password("secret");
  Send(client,
       testing::EncodedRequest(1, "auth.v1.AuthService/Login", request.SerializeAsString()));
  std::size_t ended = 0;
  while (client != nullptr && ended == 0) ReadOne(client, base::After(kPatience), tally, ended);
  return client;
}

// A request that is never sent to its end.
class HalfRequest {
 public:
  explicit HalfRequest(Client client) : client_(std::move(client)) {}

  // Returns how many calls have ended.
  std::size_t Continue(Tally& tally) {
    const std::size_t ended = client_ != nullptr ? ReadAll(client_, tally) : 0;
    if (ended != 0) {
      begun_ = false;
      sent_ = 0;
      next_begin_ = base::After(std::chrono::seconds(1));
    }
    if (client_ == nullptr || (!begun_ && base::Clock::now() < next_begin_)) return ended;
    while (sent_ < kSize / 2 && Send(client_, Part())) CountPart(tally);
    return ended;
  }

 private:
  static constexpr std::size_t kSize = 4 * 1024 * 1024;  // As much as the server takes.
  static constexpr std::size_t kPart = 120 * 1024;

  std::string Part() const {
    wire::FrameHeader header{.kind = FrameKind::kRequest, .call_id = begun_ ? id_ : id_ + 1};
    header.flags = wire::kMore;
    if (!begun_) {
      header.flags |= wire::kEnd;
      header.method = "notify.v1.NotifyService/Publish";
      header.message_size = kSize;
    }
    static const std::string payload(kPart, 'x');
    return testing::Encode(header, payload);
  }

  void CountPart(Tally& tally) {
    if (!std::exchange(begun_, true)) {
      tally.Add("begun");
      ++id_;
    }
    sent_ += kPart;
  }

  Client client_;
  bool begun_ = false;
  std::uint64_t id_ = 0;
  std::size_t sent_ = 0;
  base::TimePoint next_begin_ = kNow;
};

}  // namespace

void CancelCalls(const Flood& flood, Tally& tally) {
  constexpr std::size_t kCallsInPacket = 100;
  std::uint64_t id = 0;
  while (id < flood.count) {
    Client client = Greeted(flood, tally);
    if (client == nullptr) return;
    std::size_t open = 0;
    while (client != nullptr && (id < flood.count || open != 0)) {
      std::string packet;
      const std::size_t calls = std::min<std::size_t>(kCallsInPacket, flood.count - id);
      for (std::size_t i = 1; i <= calls; ++i) {
        packet += testing::EncodedRequest(id + i, "notify.v1.NotifyService/Subscribe", {});
        packet += testing::Cancel(id + i);
      }
      const bool sent = calls != 0 && Send(client, packet);
      if (sent) {
        id += calls;
        open += calls;
      }
      std::size_t ended = 0;
      if (!sent) ReadOne(client, base::After(kPatience), tally, ended);
      if (client != nullptr) ended += ReadAll(client, tally);
      open -= ended;
    }
  }
}

void StayMute(const Flood& flood, Tally& tally) {
  const base::TimePoint end = base::After(flood.duration);
  std::vector<Client> clients(flood.count);
  do {
    for (Client& client : clients) {
      if (client == nullptr) {
        client = Connect(flood, tally);
        tally.Add("connected", client != nullptr ? 1 : 0);
      } else {
        ReadAll(client, tally);
      }
    }
    std::this_thread::sleep_for(kPause);
  } while (base::Clock::now() < end);
  std::size_t ended = 0;
  while (!clients.empty() && clients.front() != nullptr)
    ReadOne(clients.front(), base::After(kPatience), tally, ended);
}

void ConnectAndClose(const Flood& flood, Tally& tally) {
  const base::TimePoint end = base::After(flood.duration);
  do {
    tally.Add("connected", Connect(flood, tally) != nullptr ? 1 : 0);
  } while (base::Clock::now() < end);
}

void SendHalves(const Flood& flood, Tally& tally) {
  const base::TimePoint end = base::After(flood.duration);
  std::vector<HalfRequest> requests;
  for (Client& client : ManyGreeted(flood, tally)) requests.emplace_back(std::move(client));
  std::size_t ended = 0;
  while (base::Clock::now() < end || ended == 0) {
    for (HalfRequest& request : requests) ended += request.Continue(tally);
    std::this_thread::sleep_for(kPause);
  }
}

void LeaveSmallRepliesUnread(const Flood& flood, Tally& tally) {
  v1::GetFileDescriptorsRequest request;  // The service whose files are the longest.
  request.set_symbol("auth.v1.AuthService");
  const std::string payload = request.SerializeAsString();
  const auto next = [&payload](std::uint64_t id) {
    return testing::EncodedRequest(id, "piperpc.v1.ReflectionService/GetFileDescriptors", payload);
  };
  SendWithoutReading(flood, ManyGreeted(flood, tally), next, tally);
}

void LeaveLargeRepliesUnread(const Flood& flood, Tally& tally) {
  std::vector<Client> clients(flood.count);
  for (Client& client : clients) client = LoggedIn(flood, tally);
  SendWithoutReading(flood, std::move(clients), LargeRequest, tally);
}

}  // namespace piperpc::floods
