/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the datapath counts, a lane per CPU; see abi/drop_reasons.h. */
#ifndef ICHOR_MAPS_COUNTERS_H
#define ICHOR_MAPS_COUNTERS_H

#include "abi/types.h"

#include "abi/drop_reasons.h"
#include <bpf/bpf_helpers.h>

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, DROP_REASON_COUNT);
	__type(key, __u32);
	__type(value, __u64);
} drops __weak SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, DELIVERY_COUNT);
	__type(key, __u32);
	__type(value, __u64);
} deliveries __weak SEC(".maps");

#endif
