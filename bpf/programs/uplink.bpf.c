// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Both ways through an uplink, by tcx. What arrives for a translated flow gets its destination back, and what arrives for a Service
 * opens one; then a packet for a pod of this node goes straight into that pod. What leaves, after routing, gets the source that its
 * flow has out there, and what a pod sends to the world opens one. All else, and whatever cannot be read, goes on to the next
 * program and to the stack. One file for both: bpftool before 7.6 cannot link two objects that call the same kernel function. */
#include "lib/arrivals.h"
#include "lib/deliver.h"
#include "lib/direct_flows.h"
#include "lib/masquerade.h"
#include "lib/outside_source.h"
#include "lib/program.h"
#include "lib/translation.h"

static __always_inline int to_pod(struct __sk_buff *skb, const struct packet *packet, const struct pod *pod, int translated)
{
	const struct direct_delivery *delivery = delivery_settings();

	if (!delivery || claims_own_link(packet))
		return TC_ACT_OK;
	if (is_martian_source(packet))
		return drop_packet(DROP_MARTIAN_SOURCE);
	if (is_own_source(skb, delivery, packet))
		return drop_packet(DROP_OWN_SOURCE);
	if (is_translating() && !translated && !is_unmasqueraded(&packet->source))
		note_arrival(skb, packet);
	if (goes_by_stack(delivery, DELIVERED_FROM_UPLINK, packet))
		return TC_ACT_OK;
	return deliver_to_pod(skb, pod, DELIVERED_FROM_UPLINK, AT_TC_INGRESS);
}

static __always_inline int is_for_flows(const struct packet *packet, __be16 port_be)
{
	return is_nat_port(port_be) || may_be_frontend(&packet->destination, port_be);
}

/* What came for one of the node's own addresses, or for a Service's: 1: it is now for whom its flow says; 0: it is as it was;
 * negative, -1 - enum drop_reason: it goes nowhere. */
static __always_inline int arrives(struct __sk_buff *skb, struct packet *packet)
{
	__be16 port_be = plain_destination_port(skb, packet);
	struct transport transport;
	struct flow_key key;
	struct flow *flow;
	int opened = 0, error;

	if (port_be && !is_for_flows(packet, port_be))
		return 0;
	read_transport(skb, packet, &transport);
	if (transport.kind == TRANSPORT_ICMP_ERROR) {
		error = translate_error(skb, packet, &transport, FLOW_ARRIVES);
		return error == TRANSLATION_FAILED ? -1 - DROP_MALFORMED : error == TRANSLATION_DONE;
	}
	if (transport.kind == TRANSPORT_PORTS && !is_for_flows(packet, transport.destination_port_be))
		return 0;
	flow = flow_of(packet, &transport, FLOW_ARRIVES, &key);
	if (flow && is_outlived(&key, flow, &transport)) {
		flow_end(&key, flow);
		flow = NULL;
	}
	if (!flow && transport.kind == TRANSPORT_PORTS) {
		opened = open_arrival(skb, packet, &key);
		flow = opened > 0 ? flow_lookup(&key) : NULL;
	}
	if (!flow)
		return opened < 0 ? opened : 0;
	return translate(skb, packet, &transport, &key, flow) ? -1 - DROP_MALFORMED : 1;
}

SEC("tcx/ingress")
int uplink_ingress(void *context)
{
	struct __sk_buff *skb = context;
	struct packet packet = {};
	int translated = 0;
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
	if (skb->pkt_type != PACKET_FOR_US || skb->vlan_present)
		return TCX_NEXT;
	pod = bpf_map_lookup_elem(&pods, &packet.destination);
	if (!pod && is_translating()) {
		translated = arrives(skb, &packet);
		if (translated < 0)
			return drop_packet(-1 - translated);
	}
	if (translated) {
		if (parse_skb(skb, &packet) != PARSE_IP)
			return drop_packet(DROP_MALFORMED);
		pod = bpf_map_lookup_elem(&pods, &packet.destination);
	}
	if (!pod)
		return TCX_NEXT;
	verdict = to_pod(skb, &packet, pod, translated);
	return verdict == TC_ACT_OK ? TCX_NEXT : verdict;
}

static __always_inline int departs(struct __sk_buff *skb, const struct packet *packet)
{
	struct transport transport;
	struct flow_key key = {};
	struct flow *flow;
	int opened;

	read_transport(skb, packet, &transport);
	if (transport.kind == TRANSPORT_ICMP_ERROR) /* of no known flow: about what came to the pod by its own address */
		return translate_error(skb, packet, &transport, FLOW_DEPARTS) == TRANSLATION_FAILED
			       ? drop_packet(DROP_UNTRANSLATABLE)
			       : TCX_NEXT;
	flow = flow_of(packet, &transport, FLOW_DEPARTS, &key);
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
