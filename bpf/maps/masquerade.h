/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Maps of abi/masquerade.h. The agent sets the size of the second before it loads. */
#ifndef ICHOR_MAPS_MASQUERADE_H
#define ICHOR_MAPS_MASQUERADE_H

#include "abi/masquerade.h"
#include <bpf/bpf_helpers.h>

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 256);
	__type(key, struct masquerade_uplink);
	__type(value, struct masquerade_source);
} masquerade_sources __weak SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 1);
	__type(key, struct unmasqueraded_key);
	__type(value, __u32);
} unmasqueraded __weak SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, RECENTLY_INSIDE_ENTRIES);
	__type(key, __u32);
	__type(value, struct recently_inside);
} recently_inside __weak SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, CROWDED_DESTINATIONS);
	__type(key, __u32);
	__type(value, struct crowded_destination);
} crowded_destinations __weak SEC(".maps");

#endif
