/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* sessionAffinity ClientIP at the socket: a client, which is a network namespace here, keeps its backend until it has made no new
 * connection for the Service's timeout, or the backend has left the set. Called by lib/socket.h, for sets with
 * SERVICE_AFFINITY. */
#ifndef ICHOR_LIB_AFFINITY_H
#define ICHOR_LIB_AFFINITY_H

#include "lib/migration.h"
#include "lib/program.h"
#include "lib/services.h"

/* In larger sets a client whose backend has moved further than this chooses anew. */
#define AFFINITY_SEARCH_SLOTS 65536

#define AFFINITY_NOT_FOUND (~0U)

struct affinity_search {
	struct affinity *kept;
	service_handle handle;
	__u32 found;
};

static __always_inline int affinity_is_at(const struct affinity *kept, service_handle handle, __u32 slot)
{
	struct backend *backend = service_backend(handle, slot);

	return backend && backend->port_be == kept->port_be && ip_addr_equal(&backend->address, &kept->address);
}

static long affinity_look_at(__u32 slot, struct affinity_search *search)
{
	if (!affinity_is_at(search->kept, search->handle, slot))
		return 0;
	search->found = slot;
	return 1; /* ends the loop */
}

/* Where the kept backend is in this set. Its last place needs no search, which one look makes sure of: sets change, and their
 * numbers are used again. */
static __always_inline __u32 affinity_find(struct affinity *kept, service_handle handle)
{
	struct affinity_search search = {.kept = kept, .handle = handle, .found = AFFINITY_NOT_FOUND};
	__u32 slots = service_handle_size(handle);

	if (kept->slot < slots && affinity_is_at(kept, handle, kept->slot))
		return kept->slot;
	bpf_loop(slots < AFFINITY_SEARCH_SLOTS ? slots : AFFINITY_SEARCH_SLOTS, affinity_look_at, &search, 0);
	return search.found;
}

/* The slot of a kept backend that is still good, and from now on for another timeout. */
static __always_inline __u32 affinity_continue(struct affinity *kept, service_handle handle, __u64 now)
{
	__u32 slot = affinity_find(kept, handle);

	if (slot == AFFINITY_NOT_FOUND)
		return slot;
	kept->slot = slot;
	kept->last_used_ns = now;
	return slot;
}

static __always_inline int affinity_is_due(const struct affinity *kept, __u32 set, __u64 now)
{
	service_options *options = bpf_map_lookup_elem(&set_options, &set);

	return !options || kept->last_used_ns + service_options_affinity_seconds(*options) * NANOSECONDS_PER_SECOND < now;
}

static __always_inline struct affinity *affinity_lookup(const struct affinity_key *key)
{
	return migrated_lookup(affinities, MIGRATING_AFFINITIES, key);
}

static __always_inline long affinity_store(const struct affinity_key *key, const struct affinity *value, __u64 flags)
{
	return migrated_update(affinities, MIGRATING_AFFINITIES, key, value, flags);
}

/* The slot to use: the client's own, else the one that `choice` stands for, which is then kept. Records are replaced whole, so that
 * no other CPU sees half a backend; of two first connections at once the later takes what the earlier chose. */
static __noinline __u32 affinity_choice(__u64 client, __u32 set, service_handle handle, __u32 choice)
{
	struct affinity_key key = {.client = client, .set = set};
	struct affinity *kept = affinity_lookup(&key);
	__u64 now = bpf_ktime_get_boot_ns();
	struct affinity chosen = {.last_used_ns = now};
	__u32 slot = AFFINITY_NOT_FOUND;
	struct backend *backend;

	if (kept && !affinity_is_due(kept, set, now))
		slot = affinity_continue(kept, handle, now);
	if (slot != AFFINITY_NOT_FOUND && (datapath_config.migrating & MIGRATING_AFFINITIES)) {
		chosen = *kept;
		affinity_store(&key, &chosen, BPF_ANY);
	}
	if (slot != AFFINITY_NOT_FOUND)
		return slot;

	chosen.slot = choice % service_handle_size(handle);
	backend = service_backend(handle, chosen.slot);
	if (!backend)
		return chosen.slot;
	chosen.address = backend->address;
	chosen.port_be = backend->port_be;
	if (affinity_store(&key, &chosen, kept ? BPF_ANY : BPF_NOEXIST) != -EEXIST)
		return chosen.slot;
	kept = affinity_lookup(&key);
	slot = kept ? affinity_continue(kept, handle, now) : AFFINITY_NOT_FOUND;
	return slot != AFFINITY_NOT_FOUND ? slot : chosen.slot;
}

#endif
