/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The table of flows: finding a packet's, keeping it alive, opening and ending one. */
#ifndef ICHOR_LIB_FLOWS_H
#define ICHOR_LIB_FLOWS_H

#include "abi/drop_reasons.h"
#include "lib/checksum.h"
#include "lib/migration.h"
#include "lib/transport.h"
#include "maps/flows.h"

static __always_inline struct flow *flow_lookup(const struct flow_key *key)
{
	return migrated_lookup(flows, MIGRATING_FLOWS, key);
}

static __always_inline long flow_insert(const struct flow_key *key, const struct flow *flow)
{
	return migrated_update(flows, MIGRATING_FLOWS, key, flow, BPF_NOEXIST);
}

static __always_inline void flow_delete(const struct flow_key *key)
{
	migrated_delete(flows, MIGRATING_FLOWS, key);
}

struct bpf_map___size {
	__u32 max_entries;
} __attribute__((preserve_access_index));

static __always_inline __u32 flows_size(void)
{
	return ((struct bpf_map___size *)&flows)->max_entries;
}

/* Three quarters of the table are alive. Then what nobody waits for makes room early, so that a flood ends with the flood. */
static __always_inline int is_crowded(__s64 alive)
{
	return alive > (__s64)(flows_size() / 4 * 3);
}

/* A flow has come, or was ended by a packet. The one that makes the table crowded has it looked through at once: by the next tick
 * it may be full. */
static __always_inline void flows_count(__s64 entries)
{
	__u32 only = 0;
	struct flow_sweeper *sweeper = bpf_map_lookup_elem(&flow_sweeper, &only);
	__s64 before;

	if (!sweeper)
		return;
	before = __sync_fetch_and_add(&sweeper->alive, entries);
	if (!is_crowded(before) && is_crowded(before + entries))
		bpf_timer_start(&sweeper->timer, 0, 0);
}

static __always_inline struct half_open *half_open_of(const struct ip_addr *source)
{
	__u32 index = half_open_index(source);

	return bpf_map_lookup_elem(&half_open, &index);
}

static __always_inline struct flow_key flow_key_of(const struct packet *packet, const struct transport *transport,
						   enum flow_way way)
{
	return (struct flow_key){
		.source = packet->source,
		.destination = packet->destination,
		.source_port_be = transport->source_port_be,
		.destination_port_be = transport->destination_port_be,
		.protocol = transport->protocol,
		.way = way,
	};
}

/* The key of the other entry of a flow. */
static __always_inline struct flow_key flow_other_key(const struct flow_key *key, const struct flow *flow)
{
	int departs = key->way == FLOW_DEPARTS;

	return (struct flow_key){
		.source = departs ? key->destination : flow->address,
		.destination = departs ? flow->address : key->source,
		.source_port_be = departs ? key->destination_port_be : flow->port_be,
		.destination_port_be = departs ? flow->port_be : key->source_port_be,
		.protocol = key->protocol,
		.way = departs ? FLOW_ARRIVES : FLOW_DEPARTS,
	};
}

/* Of a flow that was found while the map is walked, a copy of the key: the map's own cannot be handed on. */
verified_alone int flow_end(const struct flow_key *key __arg_nonnull, const struct flow *flow __arg_nonnull)
{
	struct flow_key other_key = flow_other_key(key, flow);

	flow_delete(&other_key);
	flow_delete(key);
	return 0;
}

/* By a packet, and not because it is overdue. */
static __always_inline void flow_end_early(const struct flow_key *key, const struct flow *flow)
{
	flow_end(key, flow);
	flows_count(-2);
}

static __always_inline void flow_set_state(const struct flow_key *key, struct flow *flow, enum flow_state state)
{
	struct flow_key other_key = flow_other_key(key, flow);
	struct flow *other = flow_lookup(&other_key);

	flow->state = state;
	if (other)
		other->state = state;
}

/* What came is the first answer to the flow's opener. */
verified_alone int flow_answered(const struct flow_key *key __arg_nonnull, struct flow *flow __arg_nonnull)
{
	struct half_open *half_open = half_open_of(key->way == FLOW_DEPARTS ? &key->destination : &flow->address);

	if (half_open && half_open->flows)
		__sync_fetch_and_sub(&half_open->flows, 1);
	flow_set_state(key, flow, FLOW_ESTABLISHED);
	return 0;
}

verified_alone int flow_goes_on(const struct flow_key *key __arg_nonnull, struct flow *flow __arg_nonnull)
{
	struct flow_key other_key = flow_other_key(key, flow);
	struct flow *other = flow_lookup(&other_key);

	flow->flags |= FLOW_AGAIN;
	if (other)
		other->flags |= FLOW_AGAIN;
	return 0;
}

verified_alone int flow_judge_tcp(const struct flow_key *key __arg_nonnull, struct flow *flow __arg_nonnull, __u32 tcp_flags)
{
	struct flow_key other_key;
	struct flow *other;

	other_key = flow_other_key(key, flow);
	other = flow_lookup(&other_key);
	if (!other)
		return 0;
	if (is_first_of_connection(tcp_flags) && (flow->flags & FLOW_OPENER)) { /* again, by the same ports */
		flow->state = other->state = FLOW_NEW;
		flow->flags = FLOW_OPENER;
		other->flags = 0;
		return 0;
	}
	if (tcp_flags & TCP_FIN)
		flow->flags |= FLOW_FIN;
	if ((tcp_flags & TCP_RST) || (flow->flags & other->flags & FLOW_FIN))
		flow->state = other->state = FLOW_CLOSING;
	return 0;
}

/* A packet of the flow has passed. Written only now and then: a store to a shared line is dear. */
static __always_inline void flow_seen(const struct flow_key *key, struct flow *flow, const struct transport *transport)
{
	__u64 now = bpf_ktime_get_coarse_ns();

	if (now - flow->used_ns > FLOW_REFRESH_NS)
		flow->used_ns = now;
	if (flow->state == FLOW_NEW && !(flow->flags & FLOW_OPENER))
		flow_answered(key, flow);
	if (key->protocol == PROTOCOL_UDP && flow->state == FLOW_ESTABLISHED &&
	    (flow->flags & (FLOW_OPENER | FLOW_AGAIN)) == FLOW_OPENER)
		flow_goes_on(key, flow);
	if (transport->tcp_flags & (TCP_FIN | TCP_SYN | TCP_RST))
		flow_judge_tcp(key, flow, transport->tcp_flags);
}

/* Both entries at once, `key` being the opener's packet. -EEXIST: another packet holds one of them; -EDQUOT: its sender has too
 * many that nobody answers. */
verified_alone int flow_open(const struct flow_key *key __arg_nonnull, const struct ip_addr *address __arg_nonnull, __u32 port_be)
{
	const int departs = key->way == FLOW_DEPARTS;
	const struct ip_addr *replaced = departs ? &key->source : &key->destination;
	const __be16 replaced_port_be = departs ? key->source_port_be : key->destination_port_be;
	struct flow there = {.address = *address, .port_be = port_be, .flags = FLOW_OPENER, .used_ns = bpf_ktime_get_coarse_ns()};
	struct flow back = {.address = *replaced, .port_be = replaced_port_be, .used_ns = there.used_ns};
	struct flow_key back_key = flow_other_key(key, &there);
	struct half_open *half_open = half_open_of(&key->source);
	long error;

	if (!half_open || half_open->flows >= flows_size() / 8) /* of two entries each */
		return -EDQUOT;

	there.address_difference = address_difference(replaced, address);
	there.port_difference = port_difference(replaced_port_be, port_be);
	back.address_difference = ~there.address_difference;
	back.port_difference = ~there.port_difference;
	error = flow_insert(&back_key, &back); /* the claim of the port */
	if (error)
		return error;
	error = flow_insert(key, &there);
	if (error)
		flow_delete(&back_key);
	if (error)
		return error;
	__sync_fetch_and_add(&half_open->flows, 1);
	flows_count(2);
	return 0;
}

static __always_inline int flow_is_idle(const struct flow *flow)
{
	return !flow || bpf_ktime_get_coarse_ns() - flow->used_ns > FLOW_IDLE_NS;
}

/* Ends the flow that has this departing entry if it is over, as far as can be told: so clients use ports again. Also one that the
 * pod itself opened and nobody answered: a late answer of a flow that was ended looks so. 0: it stays. */
verified_alone int flow_yields(const struct flow_key *key __arg_nonnull)
{
	struct flow *flow = flow_lookup(key);
	struct flow_key other_key;

	if (!flow)
		return 1;
	other_key = flow_other_key(key, flow);
	if (flow->state != FLOW_CLOSING && !(flow->state == FLOW_NEW && (flow->flags & FLOW_OPENER)) &&
	    (key->protocol != PROTOCOL_UDP || !flow_is_idle(flow) || !flow_is_idle(flow_lookup(&other_key))))
		return 0;
	flow_end_early(key, flow);
	return 1;
}

/* Why a flow could not be opened, if not because another packet holds it. */
static __always_inline enum drop_reason flow_refusal(long error)
{
	return error == -EDQUOT ? DROP_HALF_OPEN : DROP_FLOWS_FULL;
}

#endif
