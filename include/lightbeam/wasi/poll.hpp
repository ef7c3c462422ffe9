#pragma once

#include "process.hpp"
#include <algorithm>
#include <poll.h>
#include <sys/ioctl.h>

namespace lightbeam::inline LIGHTBEAM_ABI::wasi_preview1 {

// poll_oneoff: waits until a clock has passed or a descriptor is ready.
class poll_set {
 public:
  poll_set(wasi_state& s, guest_memory m, std::uint32_t events) : state_(s), memory_(m), events_(events) {}

  void add(const guest_subscription& s) {
    const auto tag = std::uint8_t(s.tag);
    if (tag == 0) return add_clock(s);
    if (tag > 2) return event(s, error_number::inval);
    descriptor* d = nullptr;
    if (const auto e = state_.descriptors.find(std::uint32_t(s.clock_or_fd), right::poll_fd_readwrite, d); e != error_number::success) return event(s, e);
    if (d->host() < 0) return event(s, error_number::badf);  // the host closed it
    fds_.push_back({d->host(), short(tag == 1 ? POLLIN : POLLOUT), 0});
    waiting_.push_back(s);
  }

  // Returns the number of events, or an error of the host.
  error_number wait(std::uint32_t& count) {
    for (;;) {
      const int ready = ::poll(fds_.data(), nfds_t(fds_.size()), count_ > 0 ? 0 : timeout());
      if (ready < 0 && errno != EINTR) return from_host(errno);
      for (std::size_t i = 0; ready > 0 && i < fds_.size(); ++i)
        if (fds_[i].revents) report(waiting_[i], fds_[i]);
      for (const auto& [s, deadline, clock] : clocks_)
        if (deadline <= now(clock)) event(s, error_number::success);
      if (count_ > 0 || (ready == 0 && clocks_.empty())) return count = count_, error_number::success;
    }
  }

 private:
  struct alarm {
    guest_subscription subscription;
    std::uint64_t deadline;
    clockid_t clock;
  };

  static std::uint64_t now(clockid_t clock) {
    timespec t{};
    ::clock_gettime(clock, &t);
    return nanoseconds(t);
  }
  void add_clock(const guest_subscription& s) {
    const auto id = std::uint32_t(s.clock_or_fd);
    if (id >= 2) return event(s, id < 4 ? error_number::notsup : error_number::inval);  // time of the processor stands still while we wait
    const auto clock = *host_clock(id);
    const std::uint64_t start = s.flags & 1 ? 0 : now(clock);
    clocks_.push_back({s, start + std::min(s.timeout, ~start), clock});
  }
  // Milliseconds until the first alarm, rounded up; -1 for ever.
  int timeout() const {
    std::uint64_t least = ~std::uint64_t{0};
    for (const auto& a : clocks_) {
      const auto t = now(a.clock);
      least = std::min(least, a.deadline > t ? (a.deadline - t - 1) / 1'000'000 + 1 : 0);
    }
    return clocks_.empty() ? -1 : int(std::min<std::uint64_t>(least, 1'000'000));
  }
  void report(const guest_subscription& s, const pollfd& p) {
    if (p.revents & POLLNVAL) return event(s, error_number::badf);
    if (p.revents & POLLERR) return event(s, error_number::io);
    int bytes = 0;
    if (p.events == POLLIN) ::ioctl(p.fd, FIONREAD, &bytes);
    event(s, error_number::success, std::uint64_t(std::max(bytes, 0)), p.revents & POLLHUP ? 1 : 0);
  }
  void event(const guest_subscription& s, error_number error, std::uint64_t bytes = 0, std::uint64_t flags = 0) {
    const guest_event e{.user_data = s.user_data, .error = error, .type = std::uint8_t(s.tag), .bytes = bytes, .flags = flags};
    memory_.store(events_ + std::uint64_t(count_++) * sizeof e, e);  // room for all was checked before
  }

  wasi_state& state_;
  guest_memory memory_;
  std::uint32_t events_, count_ = 0;
  std::vector<pollfd> fds_;
  std::vector<guest_subscription> waiting_;  // of fds_, by index
  std::vector<alarm> clocks_;
};

inline error_number poll_oneoff(wasi_state& s, guest_memory m, std::uint32_t in, std::uint32_t out, std::uint32_t count, std::uint32_t to) {
  if (count == 0) return error_number::inval;
  if (!m.contains(in, std::uint64_t(count) * sizeof(guest_subscription)) || !m.contains(out, std::uint64_t(count) * sizeof(guest_event)) || !m.contains(to, 4))
    return error_number::fault;
  // The host keeps a copy of what is waited for, so a guest must not make it as large as it likes.
  constexpr std::uint32_t most = 1 << 16;
  if (count > most) return error_number::inval;
  poll_set set(s, m, out);
  std::vector<guest_subscription> subscriptions;  // read before the first event is written: the two may overlap
  for (std::uint32_t i = 0; i < count; ++i) subscriptions.push_back(*m.load<guest_subscription>(in + std::uint64_t(i) * sizeof(guest_subscription)));
  for (const auto& each : subscriptions) set.add(each);
  std::uint32_t events = 0;
  if (const auto e = set.wait(events); e != error_number::success) return e;
  return m.store(to, events);
}

}  // namespace lightbeam::inline LIGHTBEAM_ABI::wasi_preview1
