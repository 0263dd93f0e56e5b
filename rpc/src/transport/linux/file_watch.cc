#include "src/transport/linux/file_watch.h"

#include <sys/inotify.h>
#include <unistd.h>

#include <array>
#include <utility>

namespace piperpc::transport {
namespace {

constexpr base::Duration kLookEvery = std::chrono::seconds(1);

// Of a file that is still open somewhere, its removal is seen only in its number of links, which is
// an attribute.
constexpr std::uint32_t kOfFile = IN_ATTRIB | IN_DELETE_SELF | IN_MOVE_SELF | IN_DONT_FOLLOW;

// No attributes: those of all that is in a folder count as its own, and where everybody may put
// files, in /tmp, everybody could keep us looking.
constexpr std::uint32_t kOfFolder = IN_DELETE_SELF | IN_MOVE_SELF;

}  // namespace

FileWatch::FileWatch(SocketLoop& loop, std::function<void()> look)
    : Source(UniqueFd(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK))),
      loop_(loop),
      look_(std::move(look)) {}

void FileWatch::Watch(const std::vector<std::string>& files, const std::string& folder) {
  for (const int watch : watches_) ::inotify_rm_watch(fd(), watch);
  watches_.clear();
  refused_ = fd() < 0;
  for (const std::string& file : files) Add(file, kOfFile);
  Add(folder, kOfFolder);
  if (!refused_ && !std::exchange(waiting_, true)) loop_.Start(*this, SocketLoop::kReadable);
  LookAfter(base::Duration::zero());
}

void FileWatch::Add(const std::string& path, std::uint32_t events) {
  if (refused_) return;
  const int watch = ::inotify_add_watch(fd(), path.c_str(), events);
  refused_ = watch < 0;
  if (!refused_) watches_.push_back(watch);
}

void FileWatch::LookAfter(base::Duration pause) { loop_.Schedule(*this, base::After(pause)); }

void FileWatch::Close(absl::AnyInvocable<void()> closed) {
  closed_ = std::move(closed);
  loop_.Cancel(*this);
  loop_.Release(*this);
}

void FileWatch::OnReadable(int wait_error) {
  waiting_ = false;
  if (wait_error != 0) {
    refused_ = true;
    return LookAfter(kLookEvery);
  }
  Discard();
  waiting_ = true;
  loop_.Start(*this, SocketLoop::kReadable);
  look_();
}

// What the events say does not matter: `look_` finds out how things are.
void FileWatch::Discard() const {
  alignas(inotify_event) std::array<char, 4096> events;
  while (::read(fd(), events.data(), events.size()) > 0) {
  }
}

void FileWatch::OnReleased() {
  CloseFd();
  auto closed = std::exchange(closed_, nullptr);
  closed();
}

void FileWatch::OnTimer() {
  if (refused_) LookAfter(kLookEvery);
  look_();
}

}  // namespace piperpc::transport
