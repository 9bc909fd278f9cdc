#pragma once

/// Tasks, actors, references and sessions: include this, link shoal::shoal.

#include <shoal/api/actor.h>
#include <shoal/api/actor_pool.h>
#include <shoal/api/buffer.h>
#include <shoal/api/context.h>
#include <shoal/api/get.h>
#include <shoal/api/options.h>
#include <shoal/api/queue.h>
#include <shoal/api/ref.h>
#include <shoal/api/remote_error.h>
#include <shoal/api/session.h>
#include <shoal/api/stream.h>
#include <shoal/api/submit.h>
#include <shoal/api/view.h>
#include <shoal/base/error.h>
#include <shoal/base/ids.h>
#include <shoal/base/log.h>
