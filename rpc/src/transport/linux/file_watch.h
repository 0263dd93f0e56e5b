// Notices that files are removed, renamed or replaced, by inotify(7), on a loop.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "src/transport/linux/socket_loop.h"

namespace piperpc::transport {

// Loop thread only, or before the loop runs.
class FileWatch final : private SocketLoop::Source, private EventLoop::Timer {
 public:
  // `look` is called on the loop after something may have happened to one of the files, and never
  // from inside a call to this object. It looks for itself. Where the system refuses a watch (each
  // user has a limited number of them) it is called once a second instead.
  FileWatch(SocketLoop& loop, std::function<void()> look);

  // Watches these files and this folder, and no others any more. Of the folder only whether it is
  // removed or renamed: what happens in it, which others may cause as often as they like, does not
  // wake the loop. `look` follows once in any case, as something may have happened before.
  void Watch(const std::vector<std::string>& files, const std::string& folder);

  // `look` is called after so long, and watching goes on.
  void LookAfter(base::Duration pause);

  // Ends all. `closed` is called on the loop when this may be destroyed.
  void Close(absl::AnyInvocable<void()> closed);

 private:
  void OnReceived(std::ptrdiff_t, const char*) override {}  // Never started.
  void OnReadable(int wait_error) override;
  void OnWritable(int) override {}  // Never started.
  void OnReleased() override;
  void OnTimer() override;

  void Add(const std::string& path, std::uint32_t events);
  void Discard() const;

  SocketLoop& loop_;
  const std::function<void()> look_;
  std::vector<int> watches_;
  bool refused_ = false;  // At least one file is not watched.
  bool waiting_ = false;
  absl::AnyInvocable<void()> closed_;
};

}  // namespace piperpc::transport
