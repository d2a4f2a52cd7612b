#include "engine/plan_report.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "engine/planning.h"
#include "status/fields.h"
#include "status/fields_text.h"

namespace engine {
namespace {

std::string_view kind_of(const model::desired::Row& row) {
  return std::visit([]<class Kind>(const Kind&) -> std::string_view { return Kind::kKind; }, row);
}
std::string key_of(const model::desired::Row& row) {
  return std::visit([](const auto& kind) { return kind.key(); }, row);
}

// A set's key is a hash, which gives an order that nobody can follow.
std::string place_of(const model::desired::Row& row) {
  return std::holds_alternative<model::desired::ServiceSet>(row) ? status::row_name(row) : key_of(row);
}

}  // namespace

PlanReport plan_report(model::Identity identity, const model::Changes& changes) {
  Planning planning(std::move(identity), plan::features());
  planning.fold(changes);
  PlanReport report;
  planning.run({}, [&](const model::Owner& owner, auto rows) {
    for (auto& row : rows) report.rows.push_back({owner, std::move(row)});
  });
  std::stable_sort(report.rows.begin(), report.rows.end(), [](const OwnedRow& a, const OwnedRow& b) {
    return a.row.index() != b.row.index() ? a.row.index() < b.row.index() : place_of(a.row) < place_of(b.row);
  });
  for (const auto& [owner, found] : planning.problems())
    report.problems.insert(report.problems.end(), found->problems.begin(), found->problems.end());
  for (const auto& [owner, found] : planning.notes())
    for (const auto& note : found->notes) report.notes.push_back(owner + ": " + note);
  std::sort(report.notes.begin(), report.notes.end());
  for (const auto& [key, problem] : planning.snapshot().table<model::Problem>()) report.problems.push_back(*problem);
  std::sort(report.problems.begin(), report.problems.end());
  return report;
}

std::string render_text(const PlanReport& report) {
  std::string text;
  for (const auto& [owner, row] : report.rows) {
    const std::string fields = status::fields_text(status::fields(row));
    text.append(kind_of(row)).append(" ").append(status::row_name(row)).append(fields.empty() ? "" : " ").append(fields).append("\n");
  }
  for (const auto& note : report.notes) text += "note: " + note + "\n";
  for (const auto& problem : report.problems) text += "problem: " + model::to_string(problem) + "\n";
  return text;
}

std::string render_json(const PlanReport& report) {
  nlohmann::json rows = nlohmann::json::array(), problems = nlohmann::json::array();
  for (const auto& [owner, row] : report.rows) {
    nlohmann::json object{{"kind", kind_of(row)}, {"key", key_of(row)}, {"owner", owner.text()}};
    for (const auto& [name, value] : status::fields(row)) {
      nlohmann::json& field = object["fields"][std::string(name)];
      std::visit([&field](const auto& content) { field = content; }, value);
    }
    rows.push_back(std::move(object));
  }
  for (const auto& problem : report.problems)
    problems.push_back({{"subject", problem.subject}, {"text", problem.text}, {"remedy", problem.remedy}});
  return nlohmann::json{{"rows", rows}, {"notes", report.notes}, {"problems", problems}}.dump(2) + "\n";
}

}  // namespace engine
