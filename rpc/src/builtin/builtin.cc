#include "piperpc/builtin.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "src/base/text.h"
#include "src/builtin/health_board.h"
#include "src/builtin/health_service.h"
#include "src/builtin/reflection_service.h"
#include "src/builtin/stats_service.h"

namespace piperpc {

class BuiltinServices::Impl {
 public:
  explicit Impl(BuiltinOptions options) : options_(options) {}

  absl::Status AddTo(Server& server) {
    if (server_ != nullptr) {
      return absl::AlreadyExistsError(
          "this BuiltinServices was already added to a server; create one for each server");
    }
    absl::Status status = CheckNames(server);
    if (status.ok()) status = server.AddService(health_);
    if (!status.ok()) return status;
    server_ = &server;
    stats_.set_server(server);
    status = server.AddService(reflection_);
    if (status.ok() && options_.stats) status = server.AddService(stats_);
    return status;
  }

  absl::Status SetServing(std::string_view service, bool serving) {
    if (board_.Set(service, serving)) return absl::OkStatus();
    if (server_ == nullptr) {
      return absl::FailedPreconditionError(absl::StrCat(
          "cannot set whether ", base::ToAbsl(service),
          " serves: no service is known before AddTo(); call AddTo(), and AddService() for "
          "this service, first"));
    }
    return absl::NotFoundError(absl::StrCat("no service \"", base::ToAbsl(service),
                                            "\" on this server; it has ",
                                            absl::StrJoin(Names(), ", ")));
  }

 private:
  std::vector<std::string> Names() const {
    return server_ == nullptr ? std::vector<std::string>() : server_->service_names();
  }

  // Before anything is added: what has been stays.
  absl::Status CheckNames(const Server& server) const {
    for (const std::string& name : server.service_names()) {
      const bool is_stats = options_.stats && name == stats_.name();
      if (name != health_.name() && name != reflection_.name() && !is_stats) continue;
      return absl::AlreadyExistsError(absl::StrCat("the server already has a service ", name,
                                                   "; add BuiltinServices only once"));
    }
    return absl::OkStatus();
  }

  const BuiltinOptions options_;
  const Server* server_ = nullptr;
  builtin::HealthBoard board_{[this] { return Names(); }};
  builtin::HealthServiceImpl health_{board_};
  builtin::ReflectionServiceImpl reflection_{[this] { return Names(); }};
  builtin::StatsServiceImpl stats_;
};

BuiltinServices::BuiltinServices(BuiltinOptions options) : impl_(std::make_unique<Impl>(options)) {}
BuiltinServices::~BuiltinServices() = default;

absl::Status BuiltinServices::AddTo(Server& server) { return impl_->AddTo(server); }

absl::Status BuiltinServices::SetServing(std::string_view service, bool serving) {
  return impl_->SetServing(service, serving);
}

}  // namespace piperpc
