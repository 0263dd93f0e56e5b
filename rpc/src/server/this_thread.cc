#include "src/server/this_thread.h"

namespace piperpc::server {
namespace {

thread_local const void* own_server = nullptr;
thread_local const Using* innermost = nullptr;

}  // namespace

Using::Using(const void* server, How how) : server_(server), how_(how), outer_(innermost) {
  innermost = this;
}

Using::~Using() { innermost = outer_; }

const Using* Using::Find(const void* server) {
  const Using* each = innermost;
  while (each != nullptr && each->server_ != server) each = each->outer_;
  return each;
}

void BecomeThreadOf(const void* server) { own_server = server; }
bool IsThreadOf(const void* server) { return own_server == server; }

}  // namespace piperpc::server
