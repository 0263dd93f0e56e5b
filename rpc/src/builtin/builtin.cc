#include "piperpc/builtin.h"

#include "src/builtin/health_board.h"
#include "src/builtin/health_service.h"
#include "src/builtin/reflection_service.h"

namespace piperpc {

class BuiltinServices::Impl {
 public:
  absl::Status AddTo(Server& server) {
    server_ = &server;
    absl::Status status = server.AddService(health_);
    if (status.ok()) status = server.AddService(reflection_);
    return status;
  }

  void SetServing(std::string_view service, bool serving) { board_.Set(service, serving); }

 private:
  std::vector<std::string> Names() const { return server_->service_names(); }

  const Server* server_ = nullptr;
  builtin::HealthBoard board_{[this] { return Names(); }};
  builtin::HealthServiceImpl health_{board_};
  builtin::ReflectionServiceImpl reflection_{[this] { return Names(); }};
};

BuiltinServices::BuiltinServices() : impl_(std::make_unique<Impl>()) {}
BuiltinServices::~BuiltinServices() = default;

absl::Status BuiltinServices::AddTo(Server& server) { return impl_->AddTo(server); }

void BuiltinServices::SetServing(std::string_view service, bool serving) {
  impl_->SetServing(service, serving);
}

}  // namespace piperpc
