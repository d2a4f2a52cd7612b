/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Both ways through an uplink, by tcx. What arrives for a translated flow gets its destination back, and what arrives for a Service
 * opens one; then a packet for a pod of this node goes straight into that pod. What leaves, after routing, gets the source that its
 * flow has out there, and what a pod sends to the world opens one. All else, and whatever cannot be read, goes on to the next
 * program and to the stack. */
#ifndef ICHOR_PROGRAMS_UPLINK_H
#define ICHOR_PROGRAMS_UPLINK_H

#include "lib/arrivals.h"
#include "lib/deliver.h"
#include "lib/direct_flows.h"
#include "lib/masquerade.h"
#include "lib/outside_source.h"
#include "lib/translation.h"

static __always_inline int uplink_to_pod(struct __sk_buff *skb, const struct packet *packet, const struct pod *pod, int translated)
{
	const struct direct_delivery *delivery = delivery_settings();
	int refused;

	if (!delivery || claims_own_link(packet))
		return TC_ACT_OK;
	refused = translated ? 0 : judge_outside_source(skb, packet); /* of a flow, when it was opened */
	if (refused)
		return drop_packet(refused - 1);
	if (is_translating() && !translated && !is_unmasqueraded(&packet->source))
		note_arrival(skb, packet);
	if (goes_by_stack(delivery, DELIVERED_FROM_UPLINK, packet))
		return TC_ACT_OK;
	if (answer_call(skb, packet))
		return drop_packet(DROP_MALFORMED);
	return deliver_to_pod(skb, pod, DELIVERED_FROM_UPLINK, AT_TC_INGRESS);
}

SEC("tcx/ingress")
int uplink_ingress(void *context)
{
	struct __sk_buff *skb = context;
	struct packet packet = {};
	int arrival = ARRIVAL_AS_IT_WAS;
	struct pod *pod;
	int verdict;

	switch (parse_skb(skb, &packet)) {
	case PARSE_IP:
		break;
	case PARSE_MAPPED:
		return drop_packet(DROP_MAPPED_ADDRESS);
	default:
		return TCX_NEXT;
	}
	if (!is_for_this_node(skb))
		return TCX_NEXT;
	pod = pod_of(&packet);
	if (!pod && is_translating()) {
		arrival = arrive(skb, &packet, CLIENT_OUTSIDE);
		if (arrival == ARRIVAL_TRANSLATED)
			pod = pod_of(&packet);
		else if (arrival != ARRIVAL_AS_IT_WAS)
			return end_arrival(skb, &packet, arrival);
	}
	if (!pod)
		return TCX_NEXT;
	verdict = uplink_to_pod(skb, &packet, pod, arrival == ARRIVAL_TRANSLATED);
	return verdict == TC_ACT_OK ? TCX_NEXT : verdict;
}

/* The node itself asks whether a Service's address is there, and the way to it is out. */
static __always_inline int is_unanswered_echo(const struct packet *packet, const struct transport *transport)
{
	return is_echo_request(packet, transport) && may_be_frontend(&packet->destination, 0) &&
	       is_service_address(&packet->destination, CLIENT_POD);
}

static __always_inline int departs(struct __sk_buff *skb, const struct packet *packet)
{
	struct transport transport;
	struct flow_key key = {};
	struct flow *flow;
	int opened;

	read_transport_here(skb, packet, &transport);
	if (transport.kind == TRANSPORT_ICMP_ERROR) /* of no known flow: about what came to the pod by its own address */
		return translate_error(skb, packet, &transport, FLOW_DEPARTS) == TRANSLATION_FAILED
			       ? drop_packet(DROP_UNTRANSLATABLE)
			       : TCX_NEXT;
	flow = flow_of(packet, &transport, FLOW_DEPARTS, &key);
	if (!flow && is_unanswered_echo(packet, &transport))
		return answer_echo(skb, packet, BPF_F_INGRESS);
	if (!flow) {
		opened = masquerade(skb, packet, &transport, &key);
		if (!opened)
			return TCX_NEXT;
		flow = flow_lookup(&key);
		if (!flow)
			return drop_packet(opened < 0 ? -1 - opened : DROP_FLOWS_FULL);
	}
	return translate(skb, packet, &transport, &key, flow) ? drop_packet(DROP_UNTRANSLATABLE) : TCX_NEXT;
}

SEC("tcx/egress")
int uplink_egress(void *context)
{
	struct __sk_buff *skb = context;
	struct packet packet = {};

	if (!is_translating() || parse_skb(skb, &packet) != PARSE_IP)
		return TCX_NEXT;
	return departs(skb, &packet);
}

#endif
