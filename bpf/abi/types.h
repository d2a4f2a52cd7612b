/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The base of everything shared byte for byte by programs and agent: C11 and C++20 both read these headers. Fields in network
 * byte order end in _be. No struct has padding; the agent asserts it. */
#ifndef ICHOR_ABI_TYPES_H
#define ICHOR_ABI_TYPES_H

#ifdef __bpf__
/* Contexts and packet headers are stable: no relocation for them, so that a load reads no kernel BTF. */
#define BPF_NO_PRESERVE_ACCESS_INDEX
#include "vmlinux.h"
#else
#include <linux/types.h>
#endif

#ifdef __cplusplus
#define ABI_ASSERT_SIZE(type, size) static_assert(sizeof(struct type) == (size))
#else
#define ABI_ASSERT_SIZE(type, size) _Static_assert(sizeof(struct type) == (size), #type)
#endif

/* IPv6, or IPv4 as ::ffff:a.b.c.d (RFC 4291 section 2.5.5.2). */
struct ip_addr {
	__u32 words_be[4];
};
ABI_ASSERT_SIZE(ip_addr, 16);

struct ether_mac {
	__u8 bytes[6];
};
ABI_ASSERT_SIZE(ether_mac, 6);

#endif
