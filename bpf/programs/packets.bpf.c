// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What sees packets at tc. One object: bpftool before 7.6 cannot link two that call the same kernel function. */
#include "lib/program.h"
#include "programs/pod_egress.h"
#include "programs/pod_ingress.h"
#include "programs/uplink.h"
