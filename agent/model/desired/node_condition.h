// The Node condition by which a cloud's controller keeps pods away until the network is there, as a status that says it is: pure text,
// so that plan/ can ask for it as a StatusPatch row.
#pragma once

#include <string>

namespace model::desired {

constexpr const char* kNetworkUnavailable = "NetworkUnavailable";  // type, core/v1 NodeConditionType

// JSON text of a Node's status with that one condition, False. Its lastTransitionTime is kTimeOfWrite.
std::string network_available_status();

}  // namespace model::desired
