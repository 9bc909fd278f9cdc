#pragma once

/// Everything of Shoal's datasets: `#include <shoal/data.h>`, `namespace sd = shoal::data;`.

#if __cplusplus < 202002L
#error "Shoal needs C++20: compile with -std=c++20"
#else

#include <shoal/base/bytes.h>
#include <shoal/base/error.h>
#include <shoal/base/log.h>
#include <shoal/data/batch.h>
#include <shoal/data/dataset.h>
#include <shoal/data/expr.h>
#include <shoal/data/options.h>
#include <shoal/data/quarantine.h>
#include <shoal/data/read.h>
#include <shoal/data/row.h>
#include <shoal/data/schema.h>
#include <shoal/data/storage.h>
#include <shoal/data/tensor.h>

#endif
