/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Maps of the node's pods, as abi/pods.h explains them. The agent sets their sizes before it loads. */
#ifndef ICHOR_MAPS_PODS_H
#define ICHOR_MAPS_PODS_H

#include "abi/direct_delivery.h"
#include "abi/pods.h"
#include <bpf/bpf_helpers.h>

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1);
	__type(key, struct ip_addr);
	__type(value, struct pod);
} pods __weak SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1);
	__type(key, struct pod_source_key);
	__type(value, __u32);
} pod_sources __weak SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, OWN_ADDRESS_BITS / 64);
	__type(key, __u32);
	__type(value, __u64);
} calling_pods __weak SEC(".maps");

#endif
