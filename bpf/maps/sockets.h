/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Socket storage, as abi/sockets.h explains it. */
#ifndef ICHOR_MAPS_SOCKETS_H
#define ICHOR_MAPS_SOCKETS_H

#include "abi/sockets.h"
#include <bpf/bpf_helpers.h>

struct {
	__uint(type, BPF_MAP_TYPE_SK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct socket_peer);
} socket_peers __weak SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_SK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct udp_peers);
} udp_peers __weak SEC(".maps");

#endif
