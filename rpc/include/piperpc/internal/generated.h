// What the sources of generated services and clients are made with.
#pragma once

#include <utility>

#include "piperpc/internal/blocking.h"
#include "piperpc/internal/stubs.h"
#include "piperpc/internal/thunks.h"
