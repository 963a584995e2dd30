#include "bridge/net/stream.hpp"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>
#include <uv.h>

#include <cassert>
#include <utility>

#include "bridge/net/socket_address.hpp"
#include "bridge/net/uv_access.hpp"

namespace bridge::net {
namespace {

std::error_code error_of(int status) {
  return {-status, std::generic_category()};
}

// What a peer may still send to a stream that lingers, and what may still wait for it.
constexpr std::size_t linger_bytes_max = 4 << 20;
constexpr std::size_t linger_queued_max = 64 * 1024;

}  // namespace

struct Stream::Block final : Lingering {
  // libuv's own way of inheritance: each begins as the one before it.
  union Socket {
    uv_handle_t handle;
    uv_stream_t stream;
    uv_tcp_t tcp;
    uv_pipe_t pipe;
  };

  Loop* loop = nullptr;
  Socket socket{};
  uv_connect_t connect_request{};
  uv_write_t write_request{};
  uv_shutdown_t shutdown_request{};
  Options options{};
  std::unique_ptr<Told> told = std::make_unique<Told>();

  bool tcp = false;
  bool silent = false;  // closed: the owner is told nothing more
  bool connecting = false;
  bool open = false;
  bool ended = false;
  std::error_code end_error{};
  bool writing = false;  // `in_flight` is with libuv
  bool finishing = false;
  bool lingering = false;       // without an owner, told nothing
  std::size_t thrown_away = 0;  // since then
  std::uint32_t link = 0;
  Loop::TimerId late_failure = 0;  // of a connect that failed at once
  Loop::TimerId late_end = 0;      // for an owner who came after it

  std::string in_flight{};
  std::string waiting{};

  Block(Loop& of, bool is_tcp, Options with) : loop(&of), options(with), tcp(is_tcp) {
    [[maybe_unused]] const int made = tcp ? uv_tcp_init(uv_loop_of(of), &socket.tcp)
                                          : uv_pipe_init(uv_loop_of(of), &socket.pipe, 0);
    assert(made == 0);
    socket.handle.data = this;
  }

  void connected(int status) {
    connecting = false;
    if (tcp && options.links != nullptr) options.links->connecting(-1);
    if (status < 0) {
      end(error_of(status));
      return;
    }
    opened(true);
    read();
    // Whoever is told may hand the stream over to somebody else, who starts it anew.
    const auto tell = std::exchange(told->events.on_open, {});
    if (tell) tell();
  }

  void opened(bool by_us) {
    open = true;
    if (!tcp) return;
    uv_tcp_nodelay(&socket.tcp, 1);
    if (options.unacknowledged_time_max.count() > 0) limit_unacknowledged();
    sockaddr_storage ours{};
    sockaddr_storage theirs{};
    int size = sizeof ours;
    if (uv_tcp_getsockname(&socket.tcp, reinterpret_cast<sockaddr*>(&ours), &size) < 0) return;
    size = sizeof theirs;
    if (uv_tcp_getpeername(&socket.tcp, reinterpret_cast<sockaddr*>(&theirs), &size) < 0) return;
    const std::uint32_t connector = port_of(by_us ? ours : theirs);
    const std::uint32_t listener = port_of(by_us ? theirs : ours);
    link = connector << 16 | listener;
    if (options.links != nullptr) options.links->opened(link);
  }

  void limit_unacknowledged() {
    uv_os_fd_t descriptor = -1;
    if (uv_fileno(&socket.handle, &descriptor) < 0) return;
    const auto limit = static_cast<unsigned>(options.unacknowledged_time_max.count());
    // A system that cannot goes on for as long as it likes.
    (void)::setsockopt(descriptor, IPPROTO_TCP, TCP_USER_TIMEOUT, &limit, sizeof limit);
  }

  void read() { uv_read_start(&socket.stream, on_buffer, on_read); }

  void end(std::error_code error) {
    if (ended) return;
    ended = true;
    end_error = error;
    if (open) uv_read_stop(&socket.stream);
    if (lingering) {
      end_lingering(*loop, *this);
      return cut();
    }
    if (told->events.on_end) told->events.on_end(error);
  }

  void send_waiting() {
    in_flight.clear();
    in_flight.swap(waiting);
    const uv_buf_t part = uv_buf_init(in_flight.data(), static_cast<unsigned>(in_flight.size()));
    const int status = uv_write(&write_request, &socket.stream, &part, 1, on_written);
    // It fails at once only for a socket that is not open.
    assert(status == 0);
    writing = status == 0;
  }

  void written(int status) {
    writing = false;
    if (status < 0) {
      end(error_of(status));
    } else if (!waiting.empty()) {
      send_waiting();
    } else {
      in_flight.clear();
      if (finishing) shut_down();
      if (told->events.on_drained) told->events.on_drained();
    }
  }

  void shut_down() {
    uv_shutdown(&shutdown_request, &socket.stream, [](uv_shutdown_t*, int) {});
  }

  static Block& of(void* data) { return *static_cast<Block*>(data); }

  static void on_connected(uv_connect_t* request, int status) noexcept {
    Block& block = of(request->handle->data);
    if (!block.silent) block.connected(status);
  }
  static void on_buffer(uv_handle_t* handle, std::size_t, uv_buf_t* buffer) noexcept {
    const auto bytes = read_buffer_of(*of(handle->data).loop);
    *buffer = uv_buf_init(bytes.data(), static_cast<unsigned>(bytes.size()));
  }
  static void on_read(uv_stream_t* stream, ssize_t count, const uv_buf_t* buffer) noexcept {
    Block& block = of(stream->data);
    if (!block.silent && count != 0) block.received(count, buffer->base);
  }
  static void on_written(uv_write_t* request, int status) noexcept {
    Block& block = of(request->handle->data);
    if (!block.silent) block.written(status);
  }

  void received(ssize_t count, const char* bytes) {
    if (count < 0) {
      end(count == UV_EOF ? std::error_code{} : error_of(static_cast<int>(count)));
      return;
    }
    const auto size = static_cast<std::size_t>(count);
    if (lingering) {
      thrown_away += size;
      if (thrown_away > linger_bytes_max) end({});
      return;
    }
    if (link != 0 && options.links != nullptr) options.links->consumed(link, size);
    if (told->events.on_data) told->events.on_data({bytes, size});
  }

  // --- without an owner

  // Whoever keeps count is told of no more, and may go before the socket does.
  void leave_links() {
    Links* const links = std::exchange(options.links, nullptr);
    if (links == nullptr) return;
    if (connecting && tcp) links->connecting(-1);
    if (link != 0) links->closed(link);
  }

  void linger() {
    lingering = true;
    tell(told, *loop, {});
    if (!writing) in_flight = waiting = {};
    read();
    begin_lingering(*loop, *this);
  }

  void cut() override {
    silent = true;
    uv_close(&socket.handle, on_closed);
  }

  static void on_closed(uv_handle_t* handle) noexcept { delete &of(handle->data); }
};

std::unique_ptr<Stream> Stream::connect(Loop& loop, const Endpoint& to, Options options,
                                        Events events) {
  auto* block = new Block(loop, to.unix_path.empty(), options);
  std::unique_ptr<Stream> stream(new Stream(block));
  block->told->events = std::move(events);
  block->connecting = true;
  int status = 0;
  if (block->tcp) {
    if (options.links != nullptr) options.links->connecting(+1);
    sockaddr_storage address{};
    status = to_sockaddr(to, address);
    if (status == 0) {
      status = uv_tcp_connect(&block->connect_request, &block->socket.tcp,
                              reinterpret_cast<const sockaddr*>(&address), Block::on_connected);
    }
  } else {
    // libuv connects at once, and only tells of it later.
    const UnixAddress address(to.unix_path);
    status = address.error();
    if (status == 0) {
      uv_pipe_connect(&block->connect_request, &block->socket.pipe, address.get().sun_path,
                      Block::on_connected);
    }
  }
  if (status < 0) {
    block->late_failure = loop.call_at(loop.now(), [block, status] { block->connected(status); });
  }
  return stream;
}

std::unique_ptr<Stream> Stream::accept(Loop& loop, void* listening, bool tcp, Options options) {
  std::unique_ptr<Stream> stream(new Stream(new Block(loop, tcp, options)));
  Block& block = *stream->block_;
  if (uv_accept(static_cast<uv_stream_t*>(listening), &block.socket.stream) < 0) return nullptr;
  block.opened(false);
  return stream;
}

Stream::~Stream() {
  close();
}

void Stream::start(Events events) {
  assert(block_ != nullptr && block_->open);
  Block& b = *block_;
  tell(b.told, *b.loop, std::move(events));
  if (!b.ended) return b.read();
  if (b.late_end != 0) return;
  b.late_end = b.loop->call_at(b.loop->now(), [&b] {
    b.late_end = 0;
    if (b.told->events.on_end) b.told->events.on_end(b.end_error);
  });
}

// A descriptor of its own for the same connection, so that libuv may close the one it has.
struct Stream::Moving final : Parcel {
  int descriptor = -1;
  bool tcp = false;
  Options options{};
  LinkCount count{};

  ~Moving() override {
    if (descriptor >= 0) ::close(descriptor);
  }

  std::unique_ptr<ByteStream> arrive(Loop& loop, Links* links) override {
    assert(descriptor >= 0);
    options.links = links;
    std::unique_ptr<Stream> stream(new Stream(new Block(loop, tcp, options)));
    Block& b = *stream->block_;
    const int status =
        tcp ? uv_tcp_open(&b.socket.tcp, descriptor) : uv_pipe_open(&b.socket.pipe, descriptor);
    if (status < 0) return nullptr;
    descriptor = -1;
    b.open = true;
    b.link = count.id;
    if (b.link != 0 && links != nullptr) links->arrived(count);
    return stream;
  }
};

std::unique_ptr<Parcel> Stream::leave() {
  if (block_ == nullptr) return nullptr;
  const Block& b = *block_;
  if (!b.open || b.ended || b.finishing || queued() > 0) return nullptr;
  uv_os_fd_t descriptor = -1;
  if (uv_fileno(&b.socket.handle, &descriptor) < 0) return nullptr;
  auto moving = std::make_unique<Moving>();
  moving->descriptor = ::fcntl(descriptor, F_DUPFD_CLOEXEC, 0);
  if (moving->descriptor < 0) return nullptr;
  moving->tcp = b.tcp;
  moving->options = b.options;
  moving->count.id = b.link;
  if (b.options.links != nullptr) {
    const auto counted = b.options.links->open().find(b.link);
    if (counted != b.options.links->open().end()) moving->count = counted->second;
  }
  close();
  return moving;
}

bool Stream::write(std::string_view bytes) {
  if (block_ == nullptr || block_->ended || bytes.empty()) return bytes.empty();
  Block& b = *block_;
  assert(b.open && !b.finishing);
  std::size_t done = 0;
  if (b.writing) {
    if (queued() + bytes.size() > b.options.write_queue_bytes_max) return false;
  } else {
    // The bytes are only read from.
    const uv_buf_t part =
        uv_buf_init(const_cast<char*>(bytes.data()), static_cast<unsigned>(bytes.size()));
    const int status = uv_try_write(&b.socket.stream, &part, 1);
    if (status < 0 && status != UV_EAGAIN) return false;
    if (status > 0) done = static_cast<std::size_t>(status);
  }
  if (b.link != 0 && b.options.links != nullptr) b.options.links->sent(b.link, bytes.size());
  if (done == bytes.size()) return true;
  b.waiting.append(bytes.substr(done));
  if (!b.writing) b.send_waiting();
  return true;
}

std::size_t Stream::queued() const {
  if (block_ == nullptr) return 0;
  return block_->waiting.size() +
         (block_->writing ? uv_stream_get_write_queue_size(&block_->socket.stream) : 0);
}

void Stream::finish() {
  if (block_ == nullptr || block_->finishing || block_->ended) return;
  block_->finishing = true;
  if (!block_->writing) block_->shut_down();
}

void Stream::pause_reading() {
  if (block_ != nullptr) uv_read_stop(&block_->socket.stream);
}

void Stream::resume_reading() {
  if (block_ != nullptr && !block_->ended) block_->read();
}

void Stream::end(bool with_reset) {
  if (block_ == nullptr) return;
  Block& b = *std::exchange(block_, nullptr);
  b.silent = true;
  if (b.late_failure != 0) b.loop->cancel(b.late_failure);
  if (b.late_end != 0) b.loop->cancel(b.late_end);
  b.leave_links();
  // Not after a `finish` that is under way, nor where there is no connection.
  if (with_reset && b.tcp && b.open && uv_tcp_close_reset(&b.socket.tcp, Block::on_closed) == 0) {
    return;
  }
  b.cut();
}

void Stream::linger() {
  if (block_ == nullptr) return;
  const bool may = block_->open && block_->finishing && !block_->ended;
  if (!may || queued() > linger_queued_max) return close();
  Block& b = *std::exchange(block_, nullptr);
  b.leave_links();
  b.linger();
}

std::uint32_t Stream::link_id() const {
  return block_ == nullptr ? 0 : block_->link;
}

}  // namespace bridge::net
