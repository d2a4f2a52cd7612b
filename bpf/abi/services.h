/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Services: frontend -> service number -> handle -> slot -> backend. Numbers index arrays that the agent writes through mmap. */
#ifndef ICHOR_ABI_SERVICES_H
#define ICHOR_ABI_SERVICES_H

#include "types.h"

/* Map `frontends`, hash; value: __u32 number of the service. */
struct frontend_key {
	struct ip_addr address;
	__be16 port_be;
	__u8 protocol; /* IPPROTO_* */
	__u8 zero;
};
ABI_ASSERT_SIZE(frontend_key, 20);

/* Map `services`, mmapable array of these words by service number, stored at once: a reader sees the old set of backends or the
 * new one. Bits 0-25: first slot, 26-27: flags, 28-47: number of slots, 48-63: generation, which changes with each new set. */
typedef __u64 service_handle;

#define SERVICE_HANDLE_BASE_BITS 26
#define SERVICE_HANDLE_FLAG_BITS 2
#define SERVICE_HANDLE_SIZE_BITS 20
#define SERVICE_HANDLE_SIZE_SHIFT (SERVICE_HANDLE_BASE_BITS + SERVICE_HANDLE_FLAG_BITS)

/* Flags. A client keeps its backend, for as long as map `affinity_seconds` says: */
#define SERVICE_AFFINITY (1ULL << SERVICE_HANDLE_BASE_BITS)
/* There are no slots because all endpoints are on other nodes and the Service's policy is Local: */
#define SERVICE_ELSEWHERE (1ULL << (SERVICE_HANDLE_BASE_BITS + 1))

static inline service_handle service_handle_pack(__u32 base, __u32 size, __u32 generation)
{
	return (__u64)base | (__u64)size << SERVICE_HANDLE_SIZE_SHIFT |
	       (__u64)(__u16)generation << (SERVICE_HANDLE_SIZE_SHIFT + SERVICE_HANDLE_SIZE_BITS);
}

static inline __u32 service_handle_base(service_handle handle)
{
	return handle & ((1U << SERVICE_HANDLE_BASE_BITS) - 1);
}

static inline __u32 service_handle_size(service_handle handle)
{
	return (handle >> SERVICE_HANDLE_SIZE_SHIFT) & ((1U << SERVICE_HANDLE_SIZE_BITS) - 1);
}

static inline __u32 service_handle_generation(service_handle handle)
{
	return handle >> (SERVICE_HANDLE_SIZE_SHIFT + SERVICE_HANDLE_SIZE_BITS);
}

static inline __u64 service_handle_flags(service_handle handle)
{
	return handle & (SERVICE_AFFINITY | SERVICE_ELSEWHERE);
}

/* Map `slots`, mmapable array of __u32: numbers of backends. A region of it belongs to one service at a time. */

/* Map `backends`, mmapable array. A number is reused only after a grace period. All zero: not used yet. */
struct backend {
	struct ip_addr address;
	__be16 port_be;
	__u16 zero;
	__u32 zero2;
};
ABI_ASSERT_SIZE(backend, 24);

/* Map `affinity_seconds`, mmapable array of __u32 by service number: after so long without a new connection a client chooses anew.
 * It counts while the handle has SERVICE_AFFINITY, and is stored before that. */

/* Map `affinities` (LRU hash): which backend a client keeps. */
struct affinity_key {
	__u64 client;  /* cookie of the network namespace: a pod, or the node */
	__u32 service; /* number */
	__u32 zero;
};
ABI_ASSERT_SIZE(affinity_key, 16);

/* The backend by address, since numbers, slots and regions are used again. */
struct affinity {
	struct ip_addr address;
	__be16 port_be;
	__u16 zero;
	__u32 slot;	    /* where in the service's region it was seen last: a hint */
	__u64 last_used_ns; /* CLOCK_BOOTTIME */
};
ABI_ASSERT_SIZE(affinity, 32);

#endif
