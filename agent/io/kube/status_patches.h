// Statuses written to the API server by a thread with a connection of its own: whoever asks never waits for the network. The newest wish
// for an object is the one that is sent; what the server refuses is a Problem, all else is tried again. Whether a status stands is for
// the watched object to say: list() knows of none, so what is still wanted is sent again each time that all is read anew.
#pragma once

#include <map>
#include <optional>
#include <random>
#include <string>
#include <variant>
#include <vector>

#include "base/mailbox.h"
#include "base/thread.h"
#include "io/kube/connection.h"
#include "io/store.h"
#include "model/desired/rows.h"
#include "model/fact_sink.h"

namespace io::kube {

class StatusPatches : public Store<model::desired::StatusPatch> {
 public:
  // Problems of Origin::kStatusPatches, named by row key, go to the sink; it is called on the writing thread.
  StatusPatches(const Connector& connect, model::FactSink sink);
  ~StatusPatches() override;
  StatusPatches(const StatusPatches&) = delete;
  StatusPatches& operator=(const StatusPatches&) = delete;

  base::Result<std::vector<model::desired::StatusPatch>> list() override;
  // Answers kUnderWay: the server's word on it is a conclusion.
  base::Result<void> put(const model::desired::StatusPatch& row, const model::desired::StatusPatch* actual) override;
  // What was sent stays; what was not is forgotten.
  base::Result<void> remove(const model::desired::StatusPatch& actual) override;
  std::vector<Conclusion<model::desired::StatusPatch>> concluded() override { return concluded_.take(base::BootTime{}); }

 private:
  struct Withdrawn {
    std::string key;
  };
  struct Stop {};
  using Message = std::variant<model::desired::StatusPatch, Withdrawn, Stop>;
  struct Waiting {
    model::desired::StatusPatch row;
    uint32_t failures = 0;  // in a row
    base::BootTime due{};
  };

  void write();
  bool take(Message message);  // false: the end
  std::optional<base::BootTime> next_due() const;
  void send(const std::string& key);
  void judge(const std::string& key, const Answer& answer);
  void try_again(const std::string& key, const std::string& reason, std::optional<base::Millis> retry_after);
  // The server's last word: none of it waits any more.
  void conclude(const std::string& key, base::Result<void> result, std::optional<model::Problem> problem);
  void report(const std::string& key, std::optional<model::Problem> problem);

  std::unique_ptr<Connection> connection_;
  model::FactSink sink_;
  base::Mailbox<Message> mailbox_;
  base::Mailbox<Conclusion<model::desired::StatusPatch>> concluded_;
  // The writing thread's own.
  std::map<std::string, Waiting> waiting_;  // by row key
  std::map<std::string, model::Problem> reported_;
  base::BootTime server_busy_until_{};
  std::minstd_rand random_{std::random_device{}()};
  base::Thread thread_;  // last: it uses all the others
};

}  // namespace io::kube
