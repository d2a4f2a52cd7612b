/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Every reason for which a program ends a packet or a call, with what to do about it. X(identifier, name, remedy) */
#ifndef ICHOR_ABI_DROP_REASONS_H
#define ICHOR_ABI_DROP_REASONS_H

#include "types.h"

#define DROP_REASONS(X)                                                                                                            \
	X(DROP_MALFORMED, "malformed", "the packet's headers do not fit its length; look at the sender")                           \
	X(DROP_FOREIGN_SOURCE, "foreign_source", "a pod sent from an address that is not its own")                                 \
	X(DROP_FOREIGN_PROTOCOL, "foreign_protocol", "a pod sent frames that are neither IPv4, IPv6 nor ARP")                      \
	X(DROP_NO_ENDPOINT, "no_endpoint", "the Service has no ready endpoint: kubectl get endpointslices")                        \
	X(DROP_STALE_BACKEND, "stale_backend", "a slot named no backend: an error in ichor, please report it")                     \
	X(DROP_NO_LOCAL_ENDPOINT, "no_local_endpoint",                                                                             \
	  "the Service's traffic policy is Local and its endpoints are on other nodes: run one here, or use policy Cluster")       \
	X(DROP_FOREIGN_NEIGHBOR, "foreign_neighbor",                                                                               \
	  "a pod's ARP or neighbour discovery spoke for another address than its own, or asked for another than its gateway")      \
	X(DROP_MAPPED_ADDRESS, "mapped_address", "an IPv6 packet had an address of ::ffff:0:0/96, which is none on a wire")        \
	X(DROP_MARTIAN_SOURCE, "martian_source",                                                                                   \
	  "from outside came a loopback, link-local, multicast or unspecified source; look at the sender")                         \
	X(DROP_OWN_SOURCE, "own_source",                                                                                           \
	  "from outside came a source that is this node's or its pods': look for a loop, a second owner or a forger")              \
	X(DROP_NO_NAT_PORT, "no_nat_port",                                                                                         \
	  "all ports of a node's address for that destination are taken, or its protocol has none: fewer flows, or more nodes")    \
	X(DROP_FLOWS_FULL, "flows_full", "the table of flows is full: see map_sizes, and which pod opens so many")                 \
	X(DROP_LOST_FRAGMENT, "lost_fragment", "a fragment of a translated flow came without its first one; look at the MTU")      \
	X(DROP_UNTRANSLATABLE, "untranslatable",                                                                                   \
	  "a pod sent what cannot leave with the node's address: a protocol without ports that covers addresses, or broken "       \
	  "headers")                                                                                                               \
	X(DROP_SOURCE_RANGE, "source_range", "the client is in none of the Service's loadBalancerSourceRanges")                    \
	X(DROP_NO_NAT_SOURCE, "no_nat_source",                                                                                     \
	  "a Service's backend is on another node, and this node has no address or no uplink with which it could be asked")        \
	X(DROP_FLOW_CLASH, "flow_clash",                                                                                           \
	  "a client called two addresses that lead to one backend from one port: it may try again by another port")                \
	X(DROP_HALF_OPEN, "half_open",                                                                                             \
	  "one source has opened flows for a quarter of the table, or of the ports that a destination can be given, that nobody "  \
	  "answered: look for a flood, see get connections")                                                                       \
	X(DROP_NO_FRONTEND, "no_frontend", "a Service's address was called by a port or protocol that the Service has not")        \
	X(DROP_ANSWER_LIMIT, "answer_limit",                                                                                       \
	  "more refusals and echoes in a Service's name were due than a CPU gives in a second: look for a scan")

#define X(identifier, name, remedy) identifier,
enum drop_reason { DROP_REASONS(X) DROP_REASON_COUNT };
#undef X

/* Map `drops`, per-CPU array by enum drop_reason: packets or refused calls. */
/* Map `deliveries`, per-CPU array by enum delivery: packets. */
enum delivery { DELIVERED_FROM_UPLINK, DELIVERED_FROM_POD, DELIVERED_BY_STACK, DELIVERY_COUNT };

/* Map `answer_budgets`, per-CPU array of one: what was answered in a Service's name in this second. */
struct answer_budget {
	__u64 second; /* of CLOCK_MONOTONIC_COARSE */
	__u64 answers;
};
ABI_ASSERT_SIZE(answer_budget, 16);

#define ANSWERS_PER_SECOND 1000 /* and CPU: as many as net.ipv4.icmp_msgs_per_sec allows */

#endif
