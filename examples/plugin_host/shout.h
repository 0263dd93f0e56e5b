// A plug-in's service: returns texts in capitals. Two of them do harm, to show what the host does.
#pragma once

#include <chrono>
#include <cstdlib>
#include <string>
#include <thread>

#include "absl/strings/ascii.h"
#include "plugin/v1/plugin.piperpc.h"

class Shout final : public plugin::v1::PluginService {
  absl::StatusOr<plugin::v1::RunResponse> Run(piperpc::ServerContext&,
                                              const plugin::v1::RunRequest& request) override {
    if (request.text() == "crash") std::abort();
    while (request.text() == "hang") std::this_thread::sleep_for(std::chrono::hours(1));
    plugin::v1::RunResponse response;
    response.set_text(absl::AsciiStrToUpper(request.text()));
    return response;
  }
};
