/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What comes for a Service by packets, from outside or from a pod: may its sender, which backend, and the flows by which all
 * further packets go. A client outside is seen by a backend of this node, while one that is elsewhere sees the node's address, so
 * that its answers come back here. Pods are seen by all, and by themselves as their gateway. */
#ifndef ICHOR_LIB_ARRIVALS_H
#define ICHOR_LIB_ARRIVALS_H

#include "lib/affinity.h"
#include "lib/answers.h"
#include "lib/deliver.h"
#include "lib/frontends.h"
#include "lib/kernel_connections.h"
#include "lib/nat_ports.h"
#include "lib/outside_source.h"
#include "lib/pod_calls.h"
#include "lib/translation.h"
#include "lib/world.h"
#include "maps/masquerade.h"

#define ARRIVAL_BACKENDS 4 /* that are tried when a client's port is taken with one */

/* The same wherever the packet arrives: another node that gets it, or this one when it has forgotten, chooses the same backend.
 * Each bit of what goes in reaches each that comes out (MurmurHash3's finalizer), since a remainder is taken. */
static __always_inline __u32 arrival_choice(const struct flow_key *arriving)
{
	const __be32 *words = arriving->source.words_be;
	__u64 mixed = (__u64)(words[0] ^ words[2]) << 32 | (words[1] ^ words[3]);

	mixed ^= (__u64)arriving->source_port_be << 32 | arriving->destination_port_be;
	mixed = (mixed ^ mixed >> 33) * 0xff51afd7ed558ccdULL;
	mixed = (mixed ^ mixed >> 33) * 0xc4ceb9fe1a85ec53ULL;
	return mixed >> 32;
}

verified_alone __u32 arrival_slot(const struct ip_addr *client __arg_nonnull, __u32 set, service_handle handle, __u32 choice)
{
	struct arrival_affinity_key key = {.client = *client, .set = set};

	return affinity_slot(AFFINITY_OF_ARRIVAL, &key, set, handle, choice);
}

/* Of this node all the same: whoever made its link, what it answers comes back here. */
static __always_inline int is_pod_of_another_network(const struct ip_addr *address, __u32 is_v6)
{
	const struct direct_delivery *delivery = delivery_settings();

	return delivery && is_surely_in_pod_network(delivery, address, is_v6);
}

/* What is sent on to a backend elsewhere gets the node's address there. 0: done, or not needed; else enum drop_reason. */
static __always_inline int open_source(struct __sk_buff *skb, const struct flow_key *departing, __u32 is_v6)
{
	int ifindex = uplink_to(skb, &departing->source, &departing->destination);
	struct masquerade_uplink uplink = {.ifindex = ifindex, .is_v6 = is_v6};
	struct masquerade_source *source;
	__u32 port;
	long error;

	if (!ifindex || flow_lookup(departing))
		return 0;
	source = ifindex > 0 ? bpf_map_lookup_elem(&masquerade_sources, &uplink) : NULL;
	if (!source)
		return is_pod_of_another_network(&departing->destination, is_v6) ? 0 : DROP_NO_NAT_SOURCE;
	port = nat_port_find(skb, departing, &source->address, is_v6);
	if (!port)
		return DROP_NO_NAT_PORT;
	error = flow_open(departing, &source->address, bpf_htons(port));
	return error && !flow_lookup(departing) ? flow_refusal(error) : 0;
}

/* Ends the flow of another call of the same client by the same port to that backend, if it is over. 0: it stays. */
verified_alone int other_call_yields(const struct flow_key *arriving __arg_nonnull, const struct backend *backend __arg_nonnull)
{
	struct flow_key answering = {.source = backend->address,
				     .destination = arriving->source,
				     .source_port_be = backend->port_be,
				     .destination_port_be = arriving->source_port_be,
				     .protocol = arriving->protocol,
				     .way = FLOW_DEPARTS};

	return flow_yields(&answering);
}

/* 0: the flow stands; else enum drop_reason. The source first: no packet of the flow goes on without one. */
verified_alone int open_to(void *context __arg_ctx, const struct flow_key *arriving __arg_nonnull,
			   const struct backend *backend __arg_nonnull, __u32 client, __u32 is_v6)
{
	struct __sk_buff *skb = context;
	struct flow_key departing = *arriving;
	int refused;
	long error;

	departing.destination = backend->address;
	departing.destination_port_be = backend->port_be;
	departing.way = FLOW_DEPARTS;
	refused = client == CLIENT_POD ? open_call_of_itself(&departing) : open_source(skb, &departing, is_v6);
	if (refused)
		return refused;
	error = flow_open(arriving, &backend->address, backend->port_be);
	if (!error || flow_lookup(arriving)) /* or another of its packets was quicker */
		return 0;
	if (error == -EEXIST && other_call_yields(arriving, backend))
		error = flow_open(arriving, &backend->address, backend->port_be);
	if (!error)
		return 0;
	return error == -EEXIST ? DROP_FLOW_CLASH : flow_refusal(error);
}

/* 0, or enum drop_reason and one more. What pods send has been judged where it came from their links. */
verified_alone int judge_sender(void *context __arg_ctx, const struct packet *packet __arg_nonnull, __u32 client)
{
	return client == CLIENT_POD ? 0 : judge_outside_source(context, packet);
}

struct chosen {
	service_handle handle;
	__u32 choice;
	__u32 zero;
};

/* Whether the packet is a Service's that its sender may call, and by which number a backend is chosen: 1; 0: it is none; negative,
 * -1 - enum drop_reason: it is refused. */
verified_alone int choose(void *context __arg_ctx, const struct packet *packet __arg_nonnull,
			  const struct flow_key *arriving __arg_nonnull, __u32 client, struct chosen *chosen __arg_nonnull)
{
	struct frontend *frontend = frontend_of(arriving, client);
	__u32 set = frontend ? set_for(frontend, client) : 0;
	int refused;

	if (!set)
		return 0;
	refused = judge_sender(context, packet, client);
	if (refused)
		return -refused;
	if ((frontend->arrivals & FRONTEND_RESTRICTED) && !is_in_source_ranges(frontend, &packet->source))
		return -1 - DROP_SOURCE_RANGE;
	chosen->handle = service_load(set);
	if (!service_handle_size(chosen->handle))
		return -1 - (chosen->handle & SERVICE_ELSEWHERE ? DROP_NO_LOCAL_ENDPOINT : DROP_NO_ENDPOINT);
	chosen->choice = arrival_choice(arriving);
	if (chosen->handle & SERVICE_AFFINITY)
		chosen->choice = arrival_slot(&arriving->source, set, chosen->handle, chosen->choice);
	return 1;
}

/* Opens a flow for the first packet to a Service. As choose(). */
verified_alone int open_arrival(void *context __arg_ctx, const struct packet *packet __arg_nonnull,
				const struct flow_key *arriving __arg_nonnull, __u32 client)
{
	struct chosen chosen = {};
	int verdict = choose(context, packet, arriving, client, &chosen);
	int refused = DROP_FLOW_CLASH;

	if (verdict <= 0)
		return verdict;
	for (__u32 i = 0; i < ARRIVAL_BACKENDS && refused == DROP_FLOW_CLASH; ++i) {
		struct backend *backend = service_backend(chosen.handle, chosen.choice + i);

		refused = backend ? open_to(context, arriving, backend, client, packet->is_v6) : DROP_STALE_BACKEND;
	}
	return refused ? -1 - refused : 1;
}

/* A UDP client may go on for ever from one port, so its flow leaves a backend that has left the Service. It stays with one that is
 * leaving. 1: it stays; 0: others serve now; negative: nobody does. */
verified_alone int has_its_backend(const struct flow_key *arriving __arg_nonnull, const struct ip_addr *address __arg_nonnull,
				   __u32 port_be, __u32 client)
{
	struct frontend *frontend = frontend_of(arriving, client);
	__u32 set = frontend ? set_for(frontend, client) : 0;
	service_handle handle = set ? service_load(set) : 0;
	__u32 slots = service_handle_size(handle), chosen = slots ? arrival_choice(arriving) % slots : 0;

	if (!set)
		return 1;
	handle = service_with_leaving(handle);
	if (service_find_backend(handle, address, port_be, chosen) != BACKEND_NOT_FOUND)
		return 1;
	return service_handle_size(handle) ? 0 : -1;
}

/* Whether a flow's backend is to be chosen anew with this packet: by a new connection from a port that was used before, and with
 * UDP from time to time. */
static __always_inline int is_outlived(const struct flow_key *arriving, const struct flow *flow, const struct transport *transport,
				       enum client client)
{
	if (!(flow->flags & FLOW_OPENER))
		return 0;
	if (transport->protocol == PROTOCOL_TCP)
		return flow->state != FLOW_NEW && is_first_of_connection(transport->tcp_flags);
	return bpf_ktime_get_coarse_ns() - flow->used_ns > FLOW_REFRESH_NS &&
	       has_its_backend(arriving, &flow->address, flow->port_be, client) <= 0;
}

/* As has_its_backend, of a UDP client whose packets the kernel translates. Where nobody serves kube-proxy may know more. */
verified_alone int has_kernels_backend(void *context __arg_ctx, const struct flow_key *arriving __arg_nonnull, __u32 is_v6,
				       __u32 client)
{
	struct kernel_answers answers = {};
	struct ip_addr backend;

	kernel_ask(context, arriving, is_v6, &answers);
	backend = ip_addr_from_v4(answers.address_be[0]);
	if (is_v6)
		__builtin_memcpy(&backend, answers.address_be, sizeof(backend));
	return has_its_backend(arriving, &backend, answers.port_be, client) != 0;
}

/* Whether a packet of no flow is of a connection that the kernel translates: of TCP until another one begins by the same ports, of
 * UDP as long as its backend is one. */
static __always_inline int is_left_to_kernel(struct __sk_buff *skb, const struct flow_key *arriving,
					     const struct transport *transport, __u32 is_v6, enum client client)
{
	int kernels;

	if (!is_kernel_translating())
		return 0;
	if (transport->kind != TRANSPORT_PORTS) /* the stack puts fragments together, and only then they are somebody's */
		return transport->kind == TRANSPORT_LATER;
	kernels = kernel_connection(skb, arriving, is_v6);
	if (is_first_of_connection(transport->tcp_flags))
		return (kernels & KERNEL_TRANSLATES) && is_half_open_in_kernel(kernels);
	if (transport->protocol == PROTOCOL_UDP && (kernels & KERNEL_TRANSLATES) && !(kernels & KERNEL_ANSWER))
		return has_kernels_backend(skb, arriving, is_v6, client);
	return kernels & (KERNEL_TRANSLATES | KERNEL_ANSWER);
}

enum arrival {
	ARRIVAL_AS_IT_WAS,
	ARRIVAL_TRANSLATED, /* the packet, and struct packet with it, is now for whom its flow says */
	ARRIVAL_ECHO,	    /* to be answered */
			    /* negative, -1 - enum drop_reason: it goes nowhere */
};

/* Of no flow, and no Service's: but the address may be Services' alone, and whoever routes it further routes in a circle. */
verified_alone int arrive_at_address(void *context __arg_ctx, const struct packet *packet __arg_nonnull,
				     const struct transport *transport __arg_nonnull, __u32 client)
{
	int refused;

	if (!may_be_frontend(&packet->destination, 0) || !is_service_address(&packet->destination, client))
		return ARRIVAL_AS_IT_WAS;
	refused = judge_sender(context, packet, client);
	if (refused)
		return -refused;
	if (is_echo_request(packet, transport))
		return ARRIVAL_ECHO;
	return -1 - (transport->kind == TRANSPORT_LATER ? DROP_LOST_FRAGMENT : DROP_NO_FRONTEND);
}

static __always_inline int error_arrives(struct __sk_buff *skb, struct packet *packet, const struct transport *error,
					 enum client client)
{
	int refused;

	switch (translate_error(skb, packet, error, FLOW_ARRIVES)) {
	case TRANSLATION_NONE:
		return is_kernel_translating() ? ARRIVAL_AS_IT_WAS : arrive_at_address(skb, packet, error, client);
	case TRANSLATION_DONE: /* anybody on the way may have sent it */
		refused = judge_sender(skb, packet, client);
		if (refused)
			return -refused;
		return parse_skb(skb, packet) == PARSE_IP ? ARRIVAL_TRANSLATED : -1 - DROP_MALFORMED;
	default:
		return -1 - DROP_MALFORMED;
	}
}

static __always_inline int is_for_flows(const struct packet *packet, __be16 port_be, enum client client)
{
	if (client == CLIENT_POD)
		return may_be_frontend(&packet->destination, port_be) || is_gateway(&packet->destination);
	return is_nat_port(port_be) || may_be_frontend(&packet->destination, port_be);
}

/* What came for a Service, or for one of the node's own addresses. enum arrival. */
static __always_inline int arrive(struct __sk_buff *skb, struct packet *packet, enum client client)
{
	struct transport transport;
	struct flow_key key;
	struct flow *flow;
	int opened = 0;

	read_transport_here(skb, packet, &transport);
	if (transport.kind == TRANSPORT_ICMP_ERROR)
		return error_arrives(skb, packet, &transport, client);
	if (transport.kind == TRANSPORT_PORTS && !is_for_flows(packet, transport.destination_port_be, client))
		return ARRIVAL_AS_IT_WAS;
	flow = flow_of(packet, &transport, FLOW_ARRIVES, &key);
	if (flow && is_outlived(&key, flow, &transport, client)) {
		flow_end_early(&key, flow);
		flow = NULL;
	}
	if (!flow && is_left_to_kernel(skb, &key, &transport, packet->is_v6, client))
		return ARRIVAL_AS_IT_WAS;
	if (!flow && transport.kind == TRANSPORT_PORTS) {
		opened = open_arrival(skb, packet, &key, client);
		flow = opened > 0 ? flow_lookup(&key) : NULL;
	}
	if (!flow)
		return opened < 0 ? opened : arrive_at_address(skb, packet, &transport, client);
	if (client == CLIENT_POD)
		note_pod_calls(&packet->source);
	if (translate(skb, packet, &transport, &key, flow))
		return -1 - DROP_MALFORMED;
	packet->destination = flow->address;
	return ARRIVAL_TRANSLATED;
}

/* TC_ACT_* for what arrive() has ended. */
static __always_inline int end_arrival(struct __sk_buff *skb, const struct packet *packet, int arrival)
{
	return arrival == ARRIVAL_ECHO ? answer_echo(skb, packet, 0) : refuse(skb, packet, -1 - arrival);
}

#endif
