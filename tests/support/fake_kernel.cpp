#include "support/fake_kernel.h"

#include "support/row_text.h"

namespace support {
namespace {

template <class Row>
class FakeStore : public io::Store<Row> {
 public:
  explicit FakeStore(FakeKernel& kernel) : kernel_(kernel) {}

  base::Result<std::vector<Row>> list() override {
    if (kernel_.unreadable(Row::kKind)) return base::Error{EIO, "the fake kernel cannot be read"};
    std::vector<Row> rows;
    for (const auto& [key, row] : kernel_.of<Row>()) rows.push_back(row);
    return rows;
  }
  base::Result<void> put(const Row& row, const Row*) override {
    if (kernel_.fails()) return base::Error{EIO, "the fake kernel was told to fail"};
    if (kernel_.under_way(Row::kKind)) {
      kernel_.conclude = [this, row] { concluded_.push_back({row, write(row)}); };
      return base::Error{io::kUnderWay, "under way"};
    }
    return write(row);
  }
  base::Result<void> write(const Row& row) {
    ++kernel_.writes;
    Row kept = row;
    if constexpr (std::is_same_v<Row, model::desired::PodLink>) kept.netns = nullptr, kept.mtu = 0;
    if constexpr (std::is_same_v<Row, model::desired::ServiceEntry>) kept.name.clear();  // no kernel holds it
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

template <class... Rows>
reconcile::Stores make_stores(FakeKernel& kernel, std::variant<Rows...>*) {
  return {std::make_unique<FakeStore<Rows>>(kernel)...};
}

}  // namespace

reconcile::Stores FakeKernel::stores() { return make_stores(*this, static_cast<model::desired::Row*>(nullptr)); }

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
  return text;
}

}  // namespace support
