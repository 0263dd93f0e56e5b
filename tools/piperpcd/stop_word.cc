#include "tools/piperpcd/stop_request.h"

namespace piperpc::daemon {

bool StopWord::Feed(std::string_view bytes) {
  for (const char c : bytes) {
    if (c != '\n') {
      if (line_.size() < word_.size() + 2) line_ += c;
      continue;
    }
    if (line_.ends_with('\r')) line_.pop_back();
    if (line_ == word_) return true;
    line_.clear();
  }
  return false;
}

}  // namespace piperpc::daemon
