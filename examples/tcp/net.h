/* TCP sockets, all of them non-blocking and closed on exec. */
#ifndef TCP_NET_H
#define TCP_NET_H

/* A socket that listens; -1 with one line of text. Port "0": one that is free. */
int net_listen(const char *host, const char *port, char *error, unsigned error_size);
/* The port of a listening socket; -1: see errno. */
int net_port(int fd);
/* A new connection; -1: see errno. */
int net_accept(int listener);
/* A connection that is being made: once it is writable, ask net_finish. -1 with one line of text. */
int net_dial(const char *host, const char *port, char *error, unsigned error_size);
/* 0: connected; else an errno. */
int net_finish(int fd);

#endif
