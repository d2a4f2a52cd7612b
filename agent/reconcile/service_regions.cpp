#include "reconcile/service_regions.h"

#include <algorithm>
#include <unordered_set>

#include "reconcile/service_abi.h"

namespace reconcile {
namespace {

using model::desired::Backend;

uint64_t flags_of(const model::desired::ServiceSet& row) {
  return (row.affinity_seconds ? SERVICE_AFFINITY : 0) | (row.endpoints_elsewhere ? SERVICE_ELSEWHERE : 0) |
         (row.external_local ? SERVICE_EXTERNAL_LOCAL : 0) | (row.datagrams ? SERVICE_DATAGRAMS : 0) |
         (row.leaving.empty() ? 0 : SERVICE_LEAVING);
}

// All whose slots a set has, in their order.
std::vector<Backend> all_backends(const model::desired::ServiceSet& row) {
  std::vector<Backend> all = row.backends;
  all.insert(all.end(), row.leaving.begin(), row.leaving.end());
  return all;
}

const model::desired::SetId kNobody = model::desired::SetId::of_hash(UINT64_MAX);

}  // namespace

ServiceRegions::ServiceRegions(std::unique_ptr<io::ServiceMaps> maps, std::function<base::BootTime()> now)
    : maps_(std::move(maps)), now_(std::move(now)) {}

// Other maps than before are read from the beginning.
base::Result<void> ServiceRegions::open() {
  auto sizes = maps_->open();
  if (!sizes.ok()) {
    if (sizes.error().code == ENOENT) loaded_ = false;
    return sizes.error();
  }
  if (loaded_ && sizes_ == *sizes) return {};
  loaded_ = false;
  sizes_ = *sizes;
  return {};
}

base::Result<void> ServiceRegions::load() {
  if (loaded_ && !maps_->replaced()) return {};
  TRY(open());
  if (loaded_) return {};
  auto found = TRY(read_sets());
  return begin(found);
}

base::Result<std::vector<ServiceRegions::ServiceSet>> ServiceRegions::list() {
  auto opened = open();
  if (!opened.ok()) {
    if (opened.error().code == ENOENT) return std::vector<ServiceSet>{};
    return opened.error();
  }
  auto found = TRY(read_sets());
  if (loaded_)
    compare(found);
  else
    TRY(begin(found));

  std::vector<ServiceSet> rows;
  for (auto& set : found) {
    ServiceSet row;
    row.id = id_of(set.number);
    if (row.id == kNobody) continue;
    row.endpoints_elsewhere = set.handle & SERVICE_ELSEWHERE;
    row.external_local = set.handle & SERVICE_EXTERNAL_LOCAL;
    row.affinity_seconds = set.handle & SERVICE_AFFINITY ? service_options_affinity_seconds(set.options) : 0;
    row.datagrams = set.handle & SERVICE_DATAGRAMS;
    if (set.damaged) {
      row.backends = {{}};  // nobody can ask for it, so the set is written anew
    } else {
      const auto first_leaving = set.backends.end() - set.leaving;
      row.leaving.assign(first_leaving, set.backends.end());
      set.backends.erase(first_leaving, set.backends.end());
      row.backends = std::move(set.backends);
    }
    std::sort(row.backends.begin(), row.backends.end());
    rows.push_back(std::move(row));
  }
  return rows;
}

base::Result<std::vector<ServiceRegions::Found>> ServiceRegions::read_sets() {
  std::vector<Found> sets;
  for (const auto& [number, hash] : TRY(maps_->hashes())) {
    if (!number || number >= sizes_.sets) continue;
    Found found{.number = number, .hash = hash, .handle = TRY(maps_->handle(number)), .numbers = {}, .backends = {}};
    if (found.handle & SERVICE_AFFINITY) found.options = TRY(maps_->options(number));
    TRY(read_slots(found));
    sets.push_back(std::move(found));
  }
  return sets;
}

base::Result<void> ServiceRegions::read_slots(Found& found) {
  const uint32_t behind = service_handle_base(found.handle) + service_handle_size(found.handle);
  if (found.handle & SERVICE_LEAVING && behind < sizes_.slots) found.leaving = TRY(maps_->slot(behind)).other;
  auto [base, size] = found.region();
  found.damaged = found.leaving > sizes_.slots || uint64_t{base} + size > sizes_.slots;
  for (uint32_t i = 0; !found.damaged && i < size; ++i) {
    uint32_t number = TRY(maps_->slot(base + i)).backend;
    found.damaged = number >= sizes_.backends;
    if (found.damaged) break;
    found.numbers.push_back(number);
    found.backends.push_back(from_abi(TRY(maps_->backend(number))));
  }
  return {};
}

base::Result<void> ServiceRegions::begin(std::vector<Found>& sets) {
  const auto frontends = TRY(maps_->frontends());
  set_numbers_ = RegionAllocator(sizes_.sets);
  set_numbers_.claim(0, 1);  // it stands for no set
  slots_ = RegionAllocator(sizes_.slots);
  backends_ = BackendNumbers(sizes_.backends);
  sets_.clear();
  number_of_.clear();
  for (auto& found : sets) adopt(found);
  for (const auto& [key, numbers] : frontends) refer(numbers.callers), refer(numbers.arrivals);
  loaded_ = true;
  ++loads_;
  return {};
}

// Nobody else writes these maps; where they differ from memory all the same, they are right.
void ServiceRegions::compare(std::vector<Found>& sets) {
  std::unordered_map<uint32_t, uint64_t> hashes;
  for (const auto& found : sets) hashes[found.number] = found.hash;
  std::vector<uint32_t> gone;
  for (const auto& [number, set] : sets_)
    if (set.id && (!hashes.contains(number) || hashes[number] != set.id.hash())) gone.push_back(number);
  for (uint32_t number : gone) {
    forget(number);
    if (!sets_.at(number).references && !hashes.contains(number)) free_number(number);
  }
  for (auto& found : sets) {
    auto known = sets_.find(found.number);
    if (known == sets_.end() || !known->second.id || known->second.handle != found.handle) {
      adopt(found);
      continue;
    }
    known->second.options = found.options;
    for (size_t i = 0; i < found.numbers.size(); ++i)
      if (const auto* backend = backends_.find(found.numbers[i]); backend && *backend != found.backends[i])
        backends_.distrust(found.numbers[i]);
  }
}

void ServiceRegions::adopt(Found& found) {
  if (!sets_.contains(found.number) && !set_numbers_.claim(found.number, 1)) return;
  Set& set = sets_[found.number];
  if (!number_of_.emplace(found.hash, found.number).second && number_of_[found.hash] != found.number) return;
  if (set.id.hash() != found.hash) set.id = SetId::of_hash(found.hash);
  set.handle = found.handle;
  set.options = found.options;
  if (set.region != found.region()) {
    slots_.release(set.region.base, set.region.size, now_());
    set.region = {};
    if (!found.damaged && slots_.claim(found.region().base, found.region().size))
      set.region = found.region();
    else
      found.damaged = true;
  }
  std::vector<uint32_t> held;
  for (size_t i = 0; i < found.numbers.size(); ++i) {
    if (backends_.adopt(found.numbers[i], found.backends[i]))
      held.push_back(found.numbers[i]);
    else
      found.damaged = true;
  }
  backends_.release(std::exchange(set.backends, std::move(held)), now_());
}

void ServiceRegions::forget(uint32_t number) {
  Set& set = sets_.at(number);
  number_of_.erase(set.id.hash());
  set.id = {};
  release_region(set);
}

void ServiceRegions::release_region(Set& set) {
  slots_.release(set.region.base, set.region.size, now_());
  backends_.release(set.backends, now_());
  set.region = {};
  set.backends.clear();
}

void ServiceRegions::free_number(uint32_t number) {
  sets_.erase(number);
  set_numbers_.release(number, 1, now_());
}

void ServiceRegions::recognise(const ServiceSet& row) {
  if (auto known = number_of_.find(row.id.hash()); known != number_of_.end()) sets_.at(known->second).id = row.id;
}

base::Result<void> ServiceRegions::put(const ServiceSet& row, const ServiceSet* actual) {
  TRY(load());
  auto known = number_of_.find(row.id.hash());
  if (known == number_of_.end()) {
    TRY_IN(create(row), row.id.name());
    return {};
  }
  Set& set = sets_.at(known->second);
  if (!(set.id == row.id) && set.references)
    return base::Error{EBUSY, row.id.name() + ": " + set.id.name() + ", whose name has the same hash, is still in use"};
  TRY_IN(update(known->second, set, row, actual), row.id.name());
  set.id = row.id;
  return {};
}

// The hash comes last: a set that an agent was killed over is a free number, and nothing refers to it.
base::Result<void> ServiceRegions::create(const ServiceSet& row) {
  auto number = set_numbers_.allocate(1, now_());
  if (!number) return all_in_use("sets", sizes_.sets);
  Set set;
  set.id = row.id;
  auto written = write_options(*number, set, row);
  if (written.ok()) written = point(*number, set, row);
  if (written.ok()) written = maps_->set_hash(*number, row.id.hash());
  if (!written.ok()) {
    release_region(set);
    set_numbers_.release(*number, 1, now_());
    return written;
  }
  number_of_[row.id.hash()] = *number;
  sets_[*number] = std::move(set);
  return {};
}

base::Result<void> ServiceRegions::update(uint32_t number, Set& set, const ServiceSet& row, const ServiceSet* actual) {
  TRY(write_options(number, set, row));  // before the handle by which they count
  bool same = actual ? actual->backends == row.backends && actual->leaving == row.leaving : leads_to(set, row);
  return same ? flag(number, set, row) : point(number, set, row);
}

bool ServiceRegions::leads_to(const Set& set, const ServiceSet& row) const {
  auto is = [&](uint32_t number, const Backend& backend) {
    const Backend* known = backends_.find(number);
    return known && *known == backend;
  };
  const auto wanted = all_backends(row);
  return service_handle_size(set.handle) == row.backends.size() && set.region.size == wanted.size() &&
         std::equal(set.backends.begin(), set.backends.end(), wanted.begin(), wanted.end(), is);
}

// New slots first, then the one store that makes readers see them; the old region rests before it is used again.
base::Result<void> ServiceRegions::point(uint32_t number, Set& set, const ServiceSet& row) {
  const auto wanted = all_backends(row);
  if (wanted.size() >> SERVICE_HANDLE_SIZE_BITS) return base::Error{E2BIG, std::to_string(wanted.size()) + " backends are too many"};
  Set next = set;
  next.backends = TRY(backends_.hold(wanted, *maps_, now_()));
  next.region.size = static_cast<uint32_t>(next.backends.size());
  auto base = slots_.allocate(next.region.size, now_());
  base::Result<void> written;
  if (!base) {
    written = all_in_use("slots", sizes_.slots);
  } else {
    next.region.base = *base;
    uint32_t generation = (service_handle_generation(set.handle) + 1) % SERVICE_HANDLE_GENERATIONS;
    next.handle = service_handle_pack(*base, static_cast<uint32_t>(row.backends.size()), generation) | flags_of(row);
    written = write_slots(next, row.leaving.size());
    if (written.ok()) written = maps_->set_handle(number, next.handle);
  }
  if (!written.ok()) {
    if (!base) next.region = {};
    release_region(next);
    return written;
  }
  part(set, next.backends);
  release_region(set);
  set = std::move(next);
  return {};
}

base::Result<void> ServiceRegions::write_slots(const Set& set, size_t leaving) {
  const size_t first_leaving = set.region.size - leaving;
  for (uint32_t i = 0; i < set.region.size; ++i)
    TRY(maps_->set_slot(set.region.base + i, {set.backends[i], i < first_leaving ? 0 : set.region.size - i}));
  return {};
}

// What talks to others of its backends than these has nobody there any more.
void ServiceRegions::part(const Set& set, const std::vector<uint32_t>& kept) {
  if (!(set.handle & SERVICE_DATAGRAMS)) return;
  const std::unordered_set<uint32_t> staying(kept.begin(), kept.end());
  std::vector<backend> gone;
  for (uint32_t number : set.backends)
    if (const Backend* backend = backends_.find(number); backend && !staying.contains(number)) gone.push_back(to_abi(*backend));
  if (!gone.empty()) maps_->backends_left(std::move(gone));
}

// The same set under other flags.
base::Result<void> ServiceRegions::flag(uint32_t number, Set& set, const ServiceSet& row) {
  service_handle next = (set.handle & ~service_handle_flags(set.handle)) | flags_of(row);
  if (next == set.handle) return {};
  TRY(maps_->set_handle(number, next));
  set.handle = next;
  return {};
}

base::Result<void> ServiceRegions::write_options(uint32_t number, Set& set, const ServiceSet& row) {
  service_options next = service_options_pack(row.affinity_seconds);
  if (!next || next == set.options) return {};  // without options nobody reads them
  TRY(maps_->set_options(number, next));
  set.options = next;
  return {};
}

base::Result<void> ServiceRegions::remove(const ServiceSet& actual) {
  TRY(load());
  auto known = number_of_.find(actual.id.hash());
  if (known == number_of_.end()) return {};
  uint32_t number = known->second;
  if (sets_.at(number).references) return base::Error{EBUSY, actual.id.text() + ": frontends still lead to it"};
  TRY_IN(maps_->set_hash(number, 0), actual.id.text());
  part(sets_.at(number), {});
  forget(number);
  free_number(number);
  return {};
}

base::Result<uint32_t> ServiceRegions::number_of(const SetId& id) const {
  if (!id) return uint32_t{0};
  auto known = number_of_.find(id.hash());
  if (known == number_of_.end() || !(sets_.at(known->second).id == id)) return base::Error{ENOENT, "set " + id.text() + " is not there"};
  return known->second;
}

ServiceRegions::SetId ServiceRegions::id_of(uint32_t number) const {
  if (!number) return {};
  auto known = sets_.find(number);
  return known == sets_.end() || !known->second.id ? kNobody : known->second.id;
}

void ServiceRegions::refer(uint32_t number) {
  if (!number || (!sets_.contains(number) && !set_numbers_.claim(number, 1))) return;
  ++sets_[number].references;
}

void ServiceRegions::withdraw(uint32_t number) {
  auto known = sets_.find(number);
  if (known == sets_.end() || --known->second.references || known->second.id) return;
  free_number(number);
}

}  // namespace reconcile
