#include "model/desired/node_condition.h"

#include "model/desired/rows.h"

namespace model::desired {

std::string network_available_status() {
  return std::string(R"({"conditions":[{"lastTransitionTime":")") + kTimeOfWrite +
         R"(","message":"ichor makes pods here","reason":"IchorIsUp","status":"False","type":")" + kNetworkUnavailable + R"("}]})";
}

}  // namespace model::desired
