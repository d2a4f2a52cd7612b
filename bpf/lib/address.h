/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* struct ip_addr: making and comparing it. */
#ifndef ICHOR_LIB_ADDRESS_H
#define ICHOR_LIB_ADDRESS_H

#include "abi/types.h"
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

static __always_inline struct ip_addr ip_addr_from_v4(__be32 address_be)
{
	return (struct ip_addr){.words_be = {0, 0, bpf_htonl(0xffff), address_be}};
}

static __always_inline struct ip_addr ip_addr_from_v6(const struct in6_addr *address)
{
	const __be32 *words = address->in6_u.u6_addr32;

	return (struct ip_addr){.words_be = {words[0], words[1], words[2], words[3]}};
}

static __always_inline int ip_addr_is_v4(const struct ip_addr *address)
{
	return !address->words_be[0] && !address->words_be[1] && address->words_be[2] == bpf_htonl(0xffff);
}

static __always_inline int ip_addr_equal(const struct ip_addr *a, const struct ip_addr *b)
{
	return a->words_be[0] == b->words_be[0] && a->words_be[1] == b->words_be[1] && a->words_be[2] == b->words_be[2] &&
	       a->words_be[3] == b->words_be[3];
}

static __always_inline int ip_addr_is_unspecified(const struct ip_addr *a)
{
	return !(a->words_be[0] | a->words_be[1] | a->words_be[2] | a->words_be[3]);
}

static __always_inline int is_loopback_v4(const struct ip_addr *a)
{
	return ip_addr_is_v4(a) && (a->words_be[3] & bpf_htonl(0xff000000)) == bpf_htonl(0x7f000000);
}

/* fe80::/10 */
static __always_inline int ip_addr_is_link_local_v6(const struct ip_addr *a)
{
	return (a->words_be[0] & bpf_htonl(0xffc00000)) == bpf_htonl(0xfe800000);
}

#endif
