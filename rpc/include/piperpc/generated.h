// For the headers of generated services and clients only. Include those, not this.
#pragma once

#include <memory>
#include <span>
#include <string_view>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "piperpc/channel.h"
#include "piperpc/client.h"
#include "piperpc/internal/client_call.h"
#include "piperpc/reader.h"
#include "piperpc/server_context.h"
#include "piperpc/service.h"
#include "piperpc/stream.h"
#include "piperpc/task.h"
