#include "src/transport/admission.h"

#include <utility>

#include "absl/strings/str_cat.h"

namespace piperpc::transport {

Admission::Admission(std::size_t limit, Listener::Delegate& delegate)
    : delegate_(delegate),
      served_(std::make_shared<ConnectionSlots>(limit)),
      refused_(std::make_shared<ConnectionSlots>(kMaxRefusedConnections)) {}

Admission::Verdict Admission::Judge(const Peer& peer) {
  ConnectionSlots::Slot slot = served_->TryTake();
  absl::Status refusal;
  if (slot) {
    refusal = delegate_.Admit(peer);
    if (refusal.ok()) return {std::move(slot), absl::OkStatus()};
  } else {
    refusal = absl::ResourceExhaustedError(
        absl::StrCat("the server has ", served_->limit(),
                     " connections, which is the limit (max_connections); try again later"));
  }
  return {TakeRefused(peer.user), std::move(refusal)};
}

// One user's refused clients leave places to those of others.
ConnectionSlots::Slot Admission::TakeRefused(const std::string& user) {
  std::erase_if(refused_of_, [](const auto& each) { return each.second->unused(); });
  std::shared_ptr<ConnectionSlots>& places = refused_of_[user];
  if (places == nullptr) {
    places = std::make_shared<ConnectionSlots>(kMaxRefusedOfOneUser, refused_);
  }
  return places->TryTake();
}

void Admission::HandOut(std::unique_ptr<Pipe> pipe, absl::Status refusal) {
  if (refusal.ok()) {
    delegate_.OnConnect(std::move(pipe));
  } else {
    delegate_.OnRefuse(std::move(pipe), std::move(refusal));
  }
}

}  // namespace piperpc::transport
