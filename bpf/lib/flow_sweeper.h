/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* How long flows live, and who ends them. */
#ifndef ICHOR_LIB_FLOW_SWEEPER_H
#define ICHOR_LIB_FLOW_SWEEPER_H

#include "abi/flow_lifetimes.h"
#include "lib/flows.h"

#define SWEEP_INTERVAL_NS (4 * NANOSECONDS_PER_SECOND)
#define SWEEP_INTERVAL_CROWDED_NS (1 * NANOSECONDS_PER_SECOND)

/* Nobody has answered it, or nobody waits for more. */
static __always_inline int makes_room(const struct flow *flow, __u8 protocol)
{
	return flow->state != FLOW_ESTABLISHED || (protocol == PROTOCOL_UDP && !(flow->flags & FLOW_AGAIN));
}

static __always_inline __u64 flow_lifetime_ns(const struct flow *flow, __u8 protocol, int crowded)
{
	__u8 state = flow->state;

	if (crowded && makes_room(flow, protocol))
		return 5 * NANOSECONDS_PER_SECOND;
	return flow_lifetime_seconds(protocol, state) * NANOSECONDS_PER_SECOND;
}

struct sweep {
	__u64 now;
	__u64 alive;
	int crowded;
};

/* `now` is not coarse, so never before a flow's last use but by the packets of this very sweep. */
static __always_inline int is_overdue(const struct flow *flow, __u8 protocol, const struct sweep *sweep)
{
	__u64 idle = sweep->now - flow->used_ns;

	return (__s64)idle > 0 && idle > flow_lifetime_ns(flow, protocol, sweep->crowded);
}

static __always_inline void count_alive(const struct flow_key *key, const struct flow *flow, struct sweep *sweep)
{
	struct half_open *half_open;

	sweep->alive++;
	if (flow->state != FLOW_NEW || !(flow->flags & FLOW_OPENER))
		return;
	half_open = half_open_of(&key->source);
	if (half_open)
		half_open->counted++;
}

/* A flow may be busy one way only. */
static long sweep_flow(struct bpf_map *map, struct flow_key *key, struct flow *flow, struct sweep *sweep)
{
	struct flow_key ended = *key, other_key;
	struct flow *other;

	(void)map;
	if (!is_overdue(flow, key->protocol, sweep)) {
		count_alive(key, flow, sweep);
		return 0;
	}
	other_key = flow_other_key(key, flow);
	other = flow_lookup(&other_key);
	if (other && !is_overdue(other, key->protocol, sweep)) {
		count_alive(key, flow, sweep);
		return 0;
	}
	flow_end(&ended, flow);
	return 0;
}

/* Of flows that ended unanswered nobody took one off. */
static long renew_half_open(struct bpf_map *map, __u32 *index, struct half_open *half_open, void *nothing)
{
	(void)map, (void)index, (void)nothing;
	half_open->flows = half_open->counted;
	half_open->counted = 0;
	return 0;
}

static int sweep_flows(void *map, int *index, void *value)
{
	struct sweep sweep = {.now = bpf_ktime_get_ns()};
	__u32 only = 0;
	struct flow_sweeper *sweeper = bpf_map_lookup_elem(&flow_sweeper, &only);
	__s64 believed;

	(void)map, (void)index, (void)value;
	if (!sweeper)
		return 0;
	believed = sweeper->alive;
	sweep.crowded = is_crowded(sweeper->alive);
	bpf_for_each_map_elem(&flows, sweep_flow, &sweep, 0);
	bpf_for_each_map_elem(&half_open, renew_half_open, NULL, 0);
	__sync_fetch_and_add(&sweeper->alive, sweep.alive - believed); /* some have come meanwhile */
	sweeper->swept_ns = bpf_ktime_get_ns();
	return 0;
}

static int sweeper_tick(void *map, int *index, struct flow_sweeper *sweeper)
{
	(void)map, (void)index;
	bpf_wq_start(&sweeper->work, 0);
	bpf_timer_start(&sweeper->timer, is_crowded(sweeper->alive) ? SWEEP_INTERVAL_CROWDED_NS : SWEEP_INTERVAL_NS, 0);
	return 0;
}

/* Of kernel 7.0 on, where it has the name that it was meant to have. */
extern int bpf_wq_set_callback(struct bpf_wq *work, int (*callback)(void *, int *, void *), unsigned int flags) __weak __ksym;

static __always_inline int sweeper_set_work(struct bpf_wq *work)
{
	if (bpf_ksym_exists(bpf_wq_set_callback))
		return bpf_wq_set_callback(work, sweep_flows, 0);
	return bpf_wq_set_callback_impl(work, sweep_flows, 0, NULL);
}

/* 0, or what the kernel says. */
static __always_inline int sweeper_start(struct flow_sweeper *sweeper)
{
	long error = bpf_timer_init(&sweeper->timer, &flow_sweeper, CLOCK_MONOTONIC);

	if (!error || error == -EBUSY)
		error = bpf_timer_set_callback(&sweeper->timer, sweeper_tick);
	if (error)
		return error;
	error = bpf_wq_init(&sweeper->work, &flow_sweeper, 0);
	if (!error || error == -EBUSY)
		error = sweeper_set_work(&sweeper->work);
	return error ? error : bpf_timer_start(&sweeper->timer, SWEEP_INTERVAL_NS, 0);
}

#endif
