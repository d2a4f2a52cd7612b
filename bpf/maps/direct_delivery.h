/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Map of abi/direct_delivery.h. */
#ifndef ICHOR_MAPS_DIRECT_DELIVERY_H
#define ICHOR_MAPS_DIRECT_DELIVERY_H

#include "abi/direct_delivery.h"
#include <bpf/bpf_helpers.h>

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct direct_delivery);
} direct_delivery __weak SEC(".maps");

#endif
