#include "bridge/net/listener.hpp"

#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>
#include <uv.h>

#include <cassert>
#include <string>
#include <system_error>
#include <utility>

#include "bridge/net/socket_address.hpp"
#include "bridge/net/uv_access.hpp"

namespace bridge::net {
namespace {

constexpr int backlog = 1024;

// A socket with its final mode before anybody can connect to it: Linux takes the mode of the
// socket's own inode when it makes the file. libuv would bind first and leave a gap.
int bind_unix(const std::string& path, unsigned mode) {
  const UnixAddress address(path);
  must(address.error(), "listen at a Unix socket");
  struct stat old {};
  if (::lstat(path.c_str(), &old) == 0 && S_ISSOCK(old.st_mode)) ::unlink(path.c_str());
  const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) must(-errno, "make a Unix socket");
  if (::fchmod(fd, mode) < 0 ||
      ::bind(fd, reinterpret_cast<const sockaddr*>(&address.get()), sizeof(sockaddr_un)) < 0) {
    const int error = errno;
    ::close(fd);
    must(-error, "listen at a Unix socket");
  }
  return fd;
}

}  // namespace

struct Listener::Block {
  union Socket {
    uv_handle_t handle;
    uv_stream_t stream;
    uv_tcp_t tcp;
    uv_pipe_t pipe;
  };

  Loop* loop = nullptr;
  Socket socket{};
  Stream::Options options{};
  OnStream on_stream{};
  std::string unix_path{};
  struct stat file {};  // of the Unix socket, to know it again
  bool tcp = false;
  bool silent = false;

  static void on_connection(uv_stream_t* stream, int status) noexcept {
    Block& block = *static_cast<Block*>(stream->data);
    if (!block.silent && status == 0) block.accept();
  }

  void accept() {
    auto stream = Stream::accept(*loop, &socket.stream, tcp, options);
    if (stream) on_stream(std::move(stream));
  }
};

Listener::Listener(Loop& loop, const Endpoint& at, unsigned unix_mode, Stream::Options options,
                   OnStream on_stream) {
  auto made = std::make_unique<Block>();
  made->loop = &loop;
  made->options = options;
  made->on_stream = std::move(on_stream);
  made->tcp = at.unix_path.empty();
  if (made->tcp) {
    must(uv_tcp_init(uv_loop_of(loop), &made->socket.tcp), "make a TCP socket");
  } else {
    must(uv_pipe_init(uv_loop_of(loop), &made->socket.pipe, 0), "make a Unix socket");
  }
  made->socket.handle.data = made.get();
  block_.reset(made.release());  // from here on libuv knows it

  Block& b = *block_;
  if (b.tcp) {
    sockaddr_storage address{};
    must(to_sockaddr(at, address), "listen address");
    must(uv_tcp_bind(&b.socket.tcp, reinterpret_cast<const sockaddr*>(&address), 0), "bind");
  } else {
    const int fd = bind_unix(at.unix_path, unix_mode);
    must(uv_pipe_open(&b.socket.pipe, fd), "listen at a Unix socket");
    if (::lstat(at.unix_path.c_str(), &b.file) == 0) b.unix_path = at.unix_path;
  }
  must(uv_listen(&b.socket.stream, backlog, Block::on_connection), "listen");
}

Listener::~Listener() = default;

void Listener::Closing::operator()(Block* block) const {
  block->silent = true;
  struct stat now {};
  if (!block->unix_path.empty() && ::lstat(block->unix_path.c_str(), &now) == 0 &&
      now.st_dev == block->file.st_dev && now.st_ino == block->file.st_ino) {
    ::unlink(block->unix_path.c_str());
  }
  uv_close(&block->socket.handle,
           [](uv_handle_t* handle) { delete static_cast<Block*>(handle->data); });
}

std::uint16_t Listener::port() const {
  if (!block_->tcp) return 0;
  sockaddr_storage ours{};
  int size = sizeof ours;
  must(uv_tcp_getsockname(&block_->socket.tcp, reinterpret_cast<sockaddr*>(&ours), &size),
       "port of a listener");
  return port_of(ours);
}

}  // namespace bridge::net
