/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Services: frontend -> number of a set -> handle -> slot -> backend. Numbers index arrays that the agent writes through mmap. A
 * set is what a port and family of a Service lead to for one kind of client; set 0 is none. */
#ifndef ICHOR_ABI_SERVICES_H
#define ICHOR_ABI_SERVICES_H

#include "types.h"

/* Map `frontend_sets`, hash. A NodePort is one frontend, whatever addresses the node has. With port and protocol 0: the address
 * itself, whose value says to whom all ports refuse that no frontend has. */
struct frontend_key {
	struct ip_addr address; /* of a NodePort: the family's unspecified one */
	__be16 port_be;
	__u8 protocol;	/* IPPROTO_* */
	__u8 node_port; /* 1: a NodePort; never equal to a call of 0.0.0.0 or :: */
};
ABI_ASSERT_SIZE(frontend_key, 20);

/* Map `node_addresses`, hash by struct ip_addr: where NodePorts are called. A node that joins adds to it, and no frontend. */
struct node_address {
	__u64 callers; /* cookie of the only network namespace whose sockets may call it; 0: all may */
	__u32 peer;    /* 1: another node's */
	__u32 zero;
};
ABI_ASSERT_SIZE(node_address, 16);

/* Numbers of sets, each 0 where that kind of client is not served here, with FRONTEND_* flags; frontend_set() is the number. */
struct frontend {
	__u32 callers;	/* this node and its pods */
	__u32 arrivals; /* packets from outside */
};
ABI_ASSERT_SIZE(frontend, 8);

#define FRONTEND_RESTRICTED (1U << 31) /* of arrivals: only clients in its source ranges may call, pods of this node too */
#define FRONTEND_SOLE (1U << 30)       /* the address has no other ports than Services', for that kind of client */

static inline __u32 frontend_set(__u32 member)
{
	return member & (FRONTEND_SOLE - 1);
}

/* Map `frontend_addresses`, mmapable array of 64 bits each, by frontend_address_bit(). An address whose bit is not set has no
 * frontend but NodePorts. */
#define FRONTEND_ADDRESS_BITS 262144

static inline __u32 frontend_address_bit(const struct ip_addr *address)
{
	__u32 folded = address->words_be[0] ^ address->words_be[1] ^ address->words_be[2] ^ address->words_be[3];

	return (folded * 0x9e3779b1U) >> 14; /* the upper 18 bits of Knuth's multiplicative hash */
}

/* Map `service_sets`, mmapable array of these words by set number, stored at once: a reader sees the old set of backends or the new
 * one. Bits 0-25: first slot, 26-33: flags, 34-53: number of slots, 54-63: generation, which changes with each new set. */
typedef __u64 service_handle;

#define SERVICE_HANDLE_BASE_BITS 26
#define SERVICE_HANDLE_FLAG_BITS 8
#define SERVICE_HANDLE_SIZE_BITS 20
#define SERVICE_HANDLE_GENERATION_BITS 10
#define SERVICE_HANDLE_SIZE_SHIFT (SERVICE_HANDLE_BASE_BITS + SERVICE_HANDLE_FLAG_BITS)
#define SERVICE_HANDLE_GENERATION_SHIFT (SERVICE_HANDLE_SIZE_SHIFT + SERVICE_HANDLE_SIZE_BITS)
#define SERVICE_HANDLE_GENERATIONS (1U << SERVICE_HANDLE_GENERATION_BITS)

/* Flags. A client keeps its backend, for as long as the set's options say: */
#define SERVICE_AFFINITY (1ULL << SERVICE_HANDLE_BASE_BITS)
/* There are no slots because all endpoints are on other nodes and the Service's policy is Local: */
#define SERVICE_ELSEWHERE (1ULL << (SERVICE_HANDLE_BASE_BITS + 1))
/* externalTrafficPolicy is Local: who calls a peer's NodePort means that peer's endpoints, among which it chooses itself. */
#define SERVICE_EXTERNAL_LOCAL (1ULL << (SERVICE_HANDLE_BASE_BITS + 2))
/* UDP, where what talks to a backend that the set no longer has is made to choose anew: */
#define SERVICE_DATAGRAMS (1ULL << (SERVICE_HANDLE_BASE_BITS + 3))
/* Behind the slots there are those of backends that get nothing new and keep what they have: */
#define SERVICE_LEAVING (1ULL << (SERVICE_HANDLE_BASE_BITS + 4))

static inline service_handle service_handle_pack(__u32 base, __u32 size, __u32 generation)
{
	return (__u64)base | (__u64)size << SERVICE_HANDLE_SIZE_SHIFT | (__u64)generation << SERVICE_HANDLE_GENERATION_SHIFT;
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
	return handle >> SERVICE_HANDLE_GENERATION_SHIFT;
}

static inline __u64 service_handle_flags(service_handle handle)
{
	return handle & (((1ULL << SERVICE_HANDLE_FLAG_BITS) - 1) << SERVICE_HANDLE_BASE_BITS);
}

/* Map `set_hashes`, array of __u64 by set number: hash of the set's name, by which an agent without memory recognises it. 0: the
 * number is free. */

/* Map `source_ranges`, LPM trie: who may call a restricted frontend that leads to that set (loadBalancerSourceRanges). Value: __u32
 * zero. */
struct source_range_key {
	__u32 prefix_length; /* bits of all that follows; of an IPv4 client 96 more than its prefix has */
	__u32 set_hash[2];   /* the lower half first */
	struct ip_addr client;
};
ABI_ASSERT_SIZE(source_range_key, 28);

#define SOURCE_RANGE_SET_BITS 64 /* before the client */

/* Map `set_options`, mmapable array of these words by set number: what only some sets need. A flag of the handle says that it is to
 * be read, so it is stored before the handle. Bits 0-31: seconds without a new connection after which a client chooses anew. */
typedef __u64 service_options;

static inline service_options service_options_pack(__u32 affinity_seconds)
{
	return affinity_seconds;
}

static inline __u32 service_options_affinity_seconds(service_options options)
{
	return options;
}

/* Map `set_slots`, mmapable array, each stored at once. A region of it belongs to one set at a time. */
struct service_slot {
	__u32 backend; /* number */
	/* Bits 0-30: number of the last other backend of a Maglev slot; bit 31: moved, it was that one's lately. Of a backend that
	 * is leaving: how many of them there are from this slot on. */
	__u32 other;
} __attribute__((aligned(8)));
ABI_ASSERT_SIZE(service_slot, 8);

/* Map `backends`, mmapable array. A number is reused only after a grace period. All zero: not used yet. */
struct backend {
	struct ip_addr address;
	__be16 port_be;
	__u16 zero;
	__u32 node; /* number of the node it is on; 0: not known */
};
ABI_ASSERT_SIZE(backend, 24);

/* Map `affinities` (LRU hash): which backend a client keeps. */
struct affinity_key {
	__u64 client; /* cookie of the network namespace: a pod, or the node */
	__u32 set;    /* number */
	__u32 zero;
};
ABI_ASSERT_SIZE(affinity_key, 16);

/* Map `arrival_affinities` (LRU hash): the same for clients outside, who cannot push out those of this node. */
struct arrival_affinity_key {
	struct ip_addr client;
	__u32 set; /* number */
	__u32 zero;
};
ABI_ASSERT_SIZE(arrival_affinity_key, 24);

/* The backend by address, since numbers, slots and regions are used again. */
struct affinity {
	struct ip_addr address;
	__be16 port_be;
	__u16 zero;
	__u32 slot;	    /* where in the set's region it was seen last: a hint */
	__u64 last_used_ns; /* CLOCK_BOOTTIME */
};
ABI_ASSERT_SIZE(affinity, 32);

#endif
