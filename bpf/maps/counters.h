/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the datapath counts, a lane per CPU; see abi/drop_reasons.h. */
#ifndef ICHOR_MAPS_COUNTERS_H
#define ICHOR_MAPS_COUNTERS_H

#include "abi/drop_reasons.h"
#include <bpf/bpf_helpers.h>

/* Room to grow: a pinned map outlives the version that made it. */
#define COUNTERS 64
_Static_assert(DROP_REASON_COUNT <= COUNTERS, "drops");
_Static_assert(DELIVERY_COUNT <= COUNTERS, "deliveries");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, COUNTERS);
	__type(key, __u32);
	__type(value, __u64);
} drops __weak SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, COUNTERS);
	__type(key, __u32);
	__type(value, __u64);
} deliveries __weak SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct answer_budget);
} answer_budgets __weak SEC(".maps");

#endif
