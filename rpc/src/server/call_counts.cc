// What is counted of a call, where somebody wants to know.
#include "src/server/call.h"
#include "src/server/call_connection.h"

namespace piperpc::server {

void Call::CountStart() {
  counts_.emplace();
  if (entry_.counters == nullptr) return;
  counts_->cells = &entry_.counters->Of(connection_.host().number());
  counts_->cells->Start();
}

void Call::CountReceived(std::size_t bytes) {
  ++counts_->traffic.messages_received;
  counts_->traffic.bytes_received += bytes;
  if (counts_->cells != nullptr) counts_->cells->Receive(bytes);
}

void Call::CountSent(std::size_t bytes) {
  ++counts_->traffic.messages_sent;
  counts_->traffic.bytes_sent += bytes;
  if (counts_->cells != nullptr) counts_->cells->Send(bytes);
}

void Call::CountEnd(const absl::Status& status) {
  if (counts_->cells != nullptr) counts_->cells->End(status, connection_.loop().Now() - started_);
}

CallTraffic Call::traffic() const { return counted() ? counts_->traffic : CallTraffic(); }

}  // namespace piperpc::server
