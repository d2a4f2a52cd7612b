#include "sources/cni/mail.h"

#include <sys/eventfd.h>

namespace sources::cni {

base::Result<std::shared_ptr<Mail>> Mail::open() {
  base::Fd arrived(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!arrived) return base::errno_error("eventfd");
  return std::make_shared<Mail>(std::move(arrived));
}

void Mail::push(Message message) {
  messages_.push(std::move(message));
  // Fails only when the counter is full, and then it is readable anyway.
  (void)::eventfd_write(arrived_.get(), 1);
}

std::vector<Mail::Message> Mail::take() {
  eventfd_t count;
  (void)::eventfd_read(arrived_.get(), &count);
  return messages_.take(base::boot_now());
}

}  // namespace sources::cni
