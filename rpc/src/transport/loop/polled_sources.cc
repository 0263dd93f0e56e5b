#include "src/transport/loop/polled_sources.h"

#include <algorithm>

namespace piperpc::transport {

void PolledSources::Remove(Polled& source) {
  const auto found = std::find(sources_.begin(), sources_.end(), &source);
  if (found == sources_.end()) return;
  if (static_cast<std::size_t>(found - sources_.begin()) < next_) --next_;
  sources_.erase(found);
}

bool PolledSources::PollAll() {
  bool any = false;
  for (next_ = 0; next_ < sources_.size();) any |= sources_[next_++]->Poll();
  next_ = 0;
  return any;
}

bool PolledSources::AllMaySleep() {
  return std::all_of(sources_.begin(), sources_.end(),
                     [](Polled* source) { return source->MaySleep(); });
}

}  // namespace piperpc::transport
