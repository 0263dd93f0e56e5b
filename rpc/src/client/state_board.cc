#include "src/client/state_board.h"

namespace piperpc {
namespace client {

void StateBoard::TellWatchers() {
  for (StateWatcher* each = first_; each != nullptr; each = each->next_) each->OnChange();
}

void StateBoard::Add(StateWatcher& watcher) {
  watcher.next_ = first_;
  first_ = &watcher;
}

void StateBoard::Remove(StateWatcher& watcher) {
  StateWatcher** here = &first_;
  while (*here != &watcher) here = &(*here)->next_;
  *here = watcher.next_;
}

}  // namespace client

std::string_view NameOf(ChannelState state) {
  switch (state) {
    case ChannelState::kIdle:
      return "idle";
    case ChannelState::kConnecting:
      return "connecting";
    case ChannelState::kReady:
      return "ready";
    case ChannelState::kTransientFailure:
      return "transient failure";
    case ChannelState::kClosed:
      return "closed";
  }
  return "unknown";
}

}  // namespace piperpc
