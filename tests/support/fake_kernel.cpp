#include "support/fake_kernel.h"

#include "reconcile/service_stores.h"
#include "support/row_text.h"

namespace support {
namespace {

template <class Row>
class FakeStore : public io::Store<Row> {
 public:
  explicit FakeStore(FakeKernel& kernel) : kernel_(kernel) {}

  base::Result<std::vector<Row>> list() override {
    if (kernel_.unreadable() || kernel_.unreadable_kind == Row::kKind)
      return base::Error{EIO, "the fake kernel was told not to be readable"};
    std::vector<Row> rows;
    for (const auto& [key, row] : kernel_.of<Row>()) rows.push_back(row);
    return rows;
  }
  base::Result<void> put(const Row& row, const Row*) override {
    if (kernel_.fails()) return base::Error{EIO, "the fake kernel was told to fail"};
    if (kernel_.pending_kind == Row::kKind) {
      kernel_.conclude = [this, row] {
        concluded_.push_back({row, kernel_.fails() ? base::Result<void>(base::Error{EIO, "refused"}) : write(row)});
      };
      return base::Error{io::kUnderWay, "under way"};
    }
    return write(row);
  }
  base::Result<void> write(const Row& row) {
    ++kernel_.writes;
    Row kept = row;
    if constexpr (std::is_same_v<Row, model::desired::PodLink>) kept.netns = nullptr, kept.mtu = 0;
    kernel_.of<Row>().insert_or_assign(row.key(), kept);
    return {};
  }
  base::Result<void> remove(const Row& actual) override {
    if (kernel_.fails()) return base::Error{EIO, "the fake kernel was told to fail"};
    ++kernel_.writes;
    kernel_.of<Row>().erase(actual.key());
    return {};
  }
  std::vector<io::Conclusion<Row>> concluded() override { return std::exchange(concluded_, {}); }

 private:
  FakeKernel& kernel_;
  std::vector<io::Conclusion<Row>> concluded_;
};

template <class Row>
std::unique_ptr<io::Store<Row>> make_store(FakeKernel& kernel, reconcile::ServiceStores& services) {
  if constexpr (std::is_same_v<Row, model::desired::ServiceSet>)
    return std::move(services.sets);
  else if constexpr (std::is_same_v<Row, model::desired::Frontend>)
    return std::move(services.frontends);
  else
    return std::make_unique<FakeStore<Row>>(kernel);
}

template <class... Rows>
reconcile::Stores make_stores(FakeKernel& kernel, reconcile::ServiceStores services, std::variant<Rows...>*) {
  return {make_store<Rows>(kernel, services)...};
}

}  // namespace

FakeKernel::FakeKernel() {
  constexpr uint32_t kMany = 1 << 20;
  services.sizes = {kMany, kMany, kMany, 1};
  services.write_fails = [this] { return fails(); };
  services.read_fails = [this] { return unreadable(); };
}

reconcile::Stores FakeKernel::stores(const base::BootTime& now) {
  auto services_stores = reconcile::service_stores(std::make_unique<MemoryServiceMaps>(services), [&now] { return now; });
  return make_stores(*this, std::move(services_stores), static_cast<model::desired::Row*>(nullptr));
}

std::string FakeKernel::text() const {
  std::string text;
  std::apply(
      [&](const auto&... kinds) {
        auto add = [&](const auto& kind) {
          for (const auto& [key, row] : kind) text += row_text(model::desired::Row(row)) + "\n";
        };
        (add(kinds), ...);
      },
      rows);
  return text + services.text();
}

}  // namespace support
