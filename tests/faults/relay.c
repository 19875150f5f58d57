/*
 * A bad network for tests: a relay between clients and a server on loopback that loses, delays, doubles, cuts, splits and reorders what passes, and breaks connections, by a seed.
 *
 *     relay TARGET_PORT PORT_FILE SEED [PERMILLE]
 *
 * It listens on any free port, whose number it writes to PORT_FILE. PERMILLE (default 10) is the chance of each fault per chunk; the first GREETING bytes of each direction pass
 * unharmed, as what is lost there would be a refusal for good. Ends with SIGTERM.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define LINKS    64
#define CHUNK    4096
#define QUEUE    64 /* chunks on their way in one direction */
#define GREETING 512
#define DELAY_MS 20

struct chunk {
    int64_t due; /* milliseconds */
    size_t size, sent;
    unsigned char bytes[CHUNK];
};

/* One direction of a connection. */
struct way {
    int from, to;
    size_t passed;
    struct chunk *queue[QUEUE];
    size_t count;
    bool ended; /* the reader is at its end: close when the queue is empty */
};

struct connection {
    bool used;
    struct way ways[2];
};

static uint64_t random_state;
static unsigned permille = 10;

/* splitmix64 (Steele, Lea, Flood 2014). */
static uint64_t draw(void)
{
    uint64_t z = random_state += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

static bool strikes(void)
{
    return draw() % 1000 < permille;
}

static int64_t now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void close_connection(struct connection *c)
{
    for (int i = 0; i < 2; i++)
        while (c->ways[i].count > 0)
            free(c->ways[i].queue[--c->ways[i].count]);
    close(c->ways[0].from);
    close(c->ways[0].to);
    c->used = false;
}

static struct chunk *copy_of(const struct chunk *chunk)
{
    struct chunk *copy = malloc(sizeof *copy);
    if (copy)
        memcpy(copy, chunk, sizeof *copy);
    return copy;
}

/* What happens to a chunk that has just been read. false: the connection breaks. */
static bool harm(struct way *w, struct chunk *chunk)
{
    struct chunk *twin;
    if (w->passed <= GREETING)
        return true;
    if (strikes())
        chunk->due += (int64_t)(draw() % DELAY_MS);
    if (strikes()) { /* lost */
        w->count--;
        free(chunk);
        return true;
    }
    if (strikes() && w->count < QUEUE && (twin = copy_of(chunk)) != NULL) /* doubled */
        w->queue[w->count++] = twin;
    if (strikes() && w->count > 1 && w->queue[w->count - 2]->sent == 0) { /* reordered */
        struct chunk *last = w->queue[w->count - 1];
        w->queue[w->count - 1] = w->queue[w->count - 2];
        w->queue[w->count - 2] = last;
    }
    if (strikes()) { /* cut: what is left of it passes, then the connection ends */
        chunk->size = 1 + draw() % chunk->size;
        w->ended = true;
    }
    return !strikes();
}

static bool receive(struct way *w)
{
    struct chunk *chunk = malloc(sizeof *chunk);
    size_t wanted = draw() % 8 == 0 ? 1 + draw() % 7 : 1 + draw() % CHUNK; /* split */
    if (!chunk)
        return false;
    ssize_t got = recv(w->from, chunk->bytes, wanted, MSG_DONTWAIT);
    if (got <= 0) {
        bool again = got < 0 && (errno == EAGAIN || errno == EINTR);
        free(chunk);
        if (!again)
            w->ended = true;
        return true;
    }
    w->passed += (size_t)got;
    chunk->size = (size_t)got;
    chunk->sent = 0;
    chunk->due = now_ms();
    w->queue[w->count++] = chunk;
    return harm(w, chunk);
}

/* Send what is due. false: the connection has ended. */
static bool forward(struct way *w)
{
    while (w->count > 0 && w->queue[0]->due <= now_ms()) {
        struct chunk *chunk = w->queue[0];
        ssize_t put = send(w->to, chunk->bytes + chunk->sent, chunk->size - chunk->sent,
                           MSG_DONTWAIT | MSG_NOSIGNAL);
        if (put < 0)
            return errno == EAGAIN || errno == EINTR;
        chunk->sent += (size_t)put;
        if (chunk->sent < chunk->size)
            return true;
        free(chunk);
        memmove(w->queue, w->queue + 1, --w->count * sizeof w->queue[0]);
    }
    return !(w->ended && w->count == 0);
}

static int connect_to(uint16_t port)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port)};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (fd >= 0 && connect(fd, (struct sockaddr *)&to, sizeof to) < 0) {
        close(fd);
        return -1;
    }
    return fd;
}

static void take(int listener, struct connection links[LINKS], uint16_t target)
{
    int client = accept(listener, NULL, NULL);
    for (int i = 0; client >= 0 && i < LINKS; i++) {
        int server, on = 1;
        if (links[i].used)
            continue;
        server = connect_to(target);
        if (server < 0)
            break;
        setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        setsockopt(server, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        memset(&links[i], 0, sizeof links[i]);
        links[i].used = true;
        links[i].ways[0].from = links[i].ways[1].to = client;
        links[i].ways[0].to = links[i].ways[1].from = server;
        return;
    }
    if (client >= 0)
        close(client);
}

static int listen_and_tell(const char *port_file)
{
    struct sockaddr_in here = {.sin_family = AF_INET};
    socklen_t size = sizeof here;
    char temporary[4096];
    FILE *f;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    here.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (fd < 0 || bind(fd, (struct sockaddr *)&here, sizeof here) < 0 || listen(fd, LINKS) < 0 ||
        getsockname(fd, (struct sockaddr *)&here, &size) < 0)
        return -1;
    snprintf(temporary, sizeof temporary, "%s.new", port_file);
    f = fopen(temporary, "w");
    if (!f)
        return -1;
    fprintf(f, "%u\n", ntohs(here.sin_port));
    if (fclose(f) != 0 || rename(temporary, port_file) != 0)
        return -1;
    return fd;
}

static void pass(struct connection *c, const struct pollfd fds[2])
{
    for (int i = 0; i < 2; i++) {
        struct way *w = &c->ways[i];
        bool readable = (fds[i].revents & (POLLIN | POLLHUP | POLLERR)) != 0;
        if (readable && !w->ended && w->count < QUEUE - 1 && !receive(w)) {
            close_connection(c);
            return;
        }
        if (!forward(w)) {
            close_connection(c);
            return;
        }
    }
}

int main(int argc, char **argv)
{
    static struct connection links[LINKS];
    if (argc < 4 || argc > 5) {
        fprintf(stderr, "usage: %s TARGET_PORT PORT_FILE SEED [PERMILLE]\n", argv[0]);
        return 2;
    }
    random_state = strtoull(argv[3], NULL, 10);
    permille = argc > 4 ? (unsigned)strtoul(argv[4], NULL, 10) : permille;
    signal(SIGPIPE, SIG_IGN);
    int listener = listen_and_tell(argv[2]);
    if (listener < 0) {
        perror("relay");
        return 1;
    }
    for (;;) {
        struct pollfd fds[1 + 2 * LINKS] = {{listener, POLLIN, 0}};
        for (int i = 0; i < LINKS; i++)
            for (int j = 0; j < 2; j++) {
                const struct way *w = &links[i].ways[j];
                bool open = links[i].used && !w->ended && w->count < QUEUE - 1;
                fds[1 + 2 * i + j] = (struct pollfd){open ? w->from : -1, POLLIN, 0};
            }
        poll(fds, 1 + 2 * LINKS, 1); /* chunks that are delayed are looked at each millisecond */
        for (int i = 0; i < LINKS; i++)
            if (links[i].used)
                pass(&links[i], &fds[1 + 2 * i]);
        if (fds[0].revents & POLLIN)
            take(listener, links, (uint16_t)strtoul(argv[1], NULL, 10));
    }
}
