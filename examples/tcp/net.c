#include "net.h"
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* A peer that vanished without a word (power cut, cable) is noticed after IDLE + COUNT x INTERVAL. */
#define KEEPALIVE_IDLE     30
#define KEEPALIVE_INTERVAL 10
#define KEEPALIVE_COUNT    3

static int set(int fd, int level, int option, int value)
{
    return setsockopt(fd, level, option, &value, sizeof value);
}

static int prepare(int fd)
{
    int flags = fcntl(fd, F_GETFL);
    if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0 ||
        fcntl(fd, F_SETFD, FD_CLOEXEC) < 0)
        return -1;
    return 0;
}

/*
 * Frames are written whole, so waiting for more to send only costs time (TCP_NODELAY). These two
 * options are for comfort: a system that refuses them serves as well.
 */
static void tune(int fd)
{
    set(fd, IPPROTO_TCP, TCP_NODELAY, 1);
    set(fd, IPPROTO_TCP, TCP_KEEPIDLE, KEEPALIVE_IDLE);
    set(fd, IPPROTO_TCP, TCP_KEEPINTVL, KEEPALIVE_INTERVAL);
    set(fd, IPPROTO_TCP, TCP_KEEPCNT, KEEPALIVE_COUNT);
    set(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
}

static int start_listening(int fd, const struct addrinfo *address)
{
    return prepare(fd) < 0 || set(fd, SOL_SOCKET, SO_REUSEADDR, 1) < 0 ||
                   bind(fd, address->ai_addr, address->ai_addrlen) < 0 || listen(fd, SOMAXCONN) < 0
               ? -1
               : 0;
}

static int start_connecting(int fd, const struct addrinfo *address)
{
    if (prepare(fd) < 0)
        return -1;
    tune(fd);
    return connect(fd, address->ai_addr, address->ai_addrlen) < 0 && errno != EINPROGRESS ? -1 : 0;
}

/* A socket of the first address of a name that will do. */
static int open_socket(const char *host, const char *port, int flags,
                       int (*start)(int fd, const struct addrinfo *address), char *error,
                       unsigned error_size)
{
    struct addrinfo hints, *addresses;
    int fd = -1, failure = 0;
    memset(&hints, 0, sizeof hints);
    hints.ai_family = AF_UNSPEC;
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = flags;
    int status = getaddrinfo(host, port, &hints, &addresses);
    if (status != 0) {
        snprintf(error, error_size, "%s port %s: %s", host, port, gai_strerror(status));
        return -1;
    }
    for (const struct addrinfo *a = addresses; a && fd < 0; a = a->ai_next) {
        fd = socket(a->ai_family, a->ai_socktype, a->ai_protocol);
        if (fd >= 0 && start(fd, a) == 0)
            break;
        failure = errno;
        if (fd >= 0)
            close(fd);
        fd = -1;
    }
    if (fd < 0)
        snprintf(error, error_size, "%s port %s: %s", host, port, strerror(failure));
    freeaddrinfo(addresses);
    return fd;
}

int net_listen(const char *host, const char *port, char *error, unsigned error_size)
{
    return open_socket(host, port, AI_PASSIVE, start_listening, error, error_size);
}

int net_dial(const char *host, const char *port, char *error, unsigned error_size)
{
    return open_socket(host, port, 0, start_connecting, error, error_size);
}

int net_port(int fd)
{
    struct sockaddr_storage address;
    socklen_t size = sizeof address;
    if (getsockname(fd, (struct sockaddr *)&address, &size) < 0)
        return -1;
    return ntohs(address.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)&address)->sin6_port
                                               : ((struct sockaddr_in *)&address)->sin_port);
}

int net_accept(int listener)
{
    int fd = accept(listener, NULL, NULL);
    if (fd < 0)
        return -1;
    if (prepare(fd) < 0) {
        int failure = errno;
        close(fd);
        errno = failure;
        return -1;
    }
    tune(fd);
    return fd;
}

int net_finish(int fd)
{
    int failure = 0;
    socklen_t size = sizeof failure;
    return getsockopt(fd, SOL_SOCKET, SO_ERROR, &failure, &size) < 0 ? errno : failure;
}
