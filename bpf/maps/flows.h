/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Maps of abi/flows.h. The agent sets the size of flows and fragments before it loads. No LRU for flows: it would end live ones for
 * newcomers. */
#ifndef ICHOR_MAPS_FLOWS_H
#define ICHOR_MAPS_FLOWS_H

#include "abi/flows.h"
#include <bpf/bpf_helpers.h>

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1);
	__type(key, struct flow_key);
	__type(value, struct flow);
} flows __weak SEC(".maps"), flows_former __weak SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 1);
	__type(key, struct fragment_key);
	__type(value, struct fragment_ports);
} fragments __weak SEC(".maps"), fragments_former __weak SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct flow_sweeper);
} flow_sweeper __weak SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, HALF_OPEN_ENTRIES);
	__type(key, __u32);
	__type(value, struct half_open);
} half_open __weak SEC(".maps");

#endif
