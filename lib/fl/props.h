/*
 * Properties from inside: the map of those that have no slot, the sticky ones of a site, and the
 * allocation that holds a context. Only the files of contexts, events and logs include this.
 */
#ifndef FLR_LIB_PROPS_H
#define FLR_LIB_PROPS_H

#include "fl/context.h"

/*
 * Values by key, private and public ones apart. Keys that have a slot are ignored in it: a peer's
 * map is its message's.
 */
typedef struct flr__prop_map {
    flr_value *maps[2]; /* by FLR_PROP_FLAG_PUBLIC; NULL: empty */
} flr__prop_map;

const flr_value *flr__prop_map_get(const flr__prop_map *m, const char *key,
                                   uint32_t *flags); /* flags: PUBLIC or 0 */
int flr__prop_map_set(flr__prop_map *m, const char *key, flr_value *value,
                      uint32_t flags);                       /* [give on 0] */
int flr__prop_map_remove(flr__prop_map *m, const char *key); /* 0, FLR_E_NOTFOUND, FLR_E_NOMEM */
bool flr__prop_map_is_empty(const flr__prop_map *m);
void flr__prop_map_copy(flr__prop_map *to, const flr__prop_map *from); /* shares; to was empty */
void flr__prop_map_clear(flr__prop_map *m);

/* A key, with its slot if it has one (0: none). */
typedef struct flr__key {
    const char *text;
    unsigned slot;
} flr__key;
flr__key flr__key_of(const char *text);
unsigned flr__slot_of(const flr__str *key); /* 0: it has none */

/* ---- a context's allocation ---- */
typedef struct flr__context_block {
    flr_context context, peer;
    flr__prop_map others, peer_others; /* what the two point to unless they are empty */
    uint64_t marks;                    /* bit i: this context set sticky property i itself */
    flr_value *marked;                 /* a map of such keys without a slot; NULL: none */
    unsigned log_events;               /* levels whose log event is being fired */
    flr__own_values own_values;
    char detail[FLR__DETAIL_MAX];
} flr__context_block;
flr__context_block *flr__context_block_of(const flr_context *context); /* also of a peer context */
bool flr__context_is_peer(const flr_context *context); /* the second half of a block */

void flr__slot_copy(flr__slot *to, const flr__slot *from);
void flr__slot_release(flr__slot *slot);
void flr__context_take(flr_context *context, unsigned slot,
                       flr__slot *out); /* out of the context; may be empty */
void flr__context_give(flr_context *context, unsigned slot,
                       const flr__slot *from); /* [give] back into it */
void flr__context_clear_peer(flr_context *context);

/* The context's own entry: [out] a reference. 0, FLR_E_NOTFOUND, FLR_E_NOMEM. */
int flr__context_get_own(const flr_context *context, const flr__key *key, flr_value **value,
                         uint32_t *flags);
bool flr__context_has_own(const flr_context *context, const flr__key *key, uint32_t *flags);
/*
 * Keys whose values the library makes when asked: `__peer_ctx__` and `###event_depth`. A peer's
 * are what it sent.
 */
bool flr__key_is_made(const flr_context *context, const flr__key *key);
size_t flr__key_max(const flr_context *context); /* the longest key, in bytes */
/* CX-03: may the context set this key so? 0 or FLR_E_EXISTS. */
int flr__check_present(const flr_context *context, const flr__key *key, uint32_t flags);
flr__prop_map *flr__context_others(
    const flr_context
        *context); /* the place of its properties without a slot, also if it is empty */
/* [give] a host's value for a slot: one that points to a message is kept as the message. */
void flr__context_put_as_set(flr_context *context, unsigned slot, flr_value *value, uint32_t flags);
/* The value of a message as hosts see it: a pointer "flr_shareable". 0 or FLR_E_NOMEM. */
int flr__message_value(flr_shareable *message, flr_value **value);
/* What an argument of a call with a context was refused for: the detail says so. Returns status. */
int flr__context_refuse(flr_context *context, int status, const char *argument);

/* ---- manager.c ---- */
int flr__manager_init(flr__manager *m); /* 0 or FLR_E_NOMEM */
void flr__manager_free(flr__manager *m);
flr_value *flr__sticky_get(flr__site *site, const flr__key *key,
                           uint32_t *flags); /* a reference, or NULL */
int flr__sticky_set(flr__site *site, const flr__key *key, flr_value *value,
                    uint32_t flags); /* [give on 0] FLR_E_EXISTS, FLR_E_NOMEM */
int flr__sticky_remove(flr__site *site, const flr__key *key); /* 0, FLR_E_NOTFOUND, FLR_E_NOMEM */
/* Adds the public ones that the context does not hide. 0, FLR_E_NOMEM, FLR_E_LIMIT. */
int flr__sticky_add_public(flr__site *site, const flr_context *context, flr_value **map);

/* ---- bus.c ---- */
flr__listeners *flr__bus_snapshot(flr__site *site,
                                  const flr__str *event); /* a reference; NULL: nobody hears it */
void flr__listeners_unref(flr__listeners *l);
bool flr__bus_owner_hears(const flr__bus *bus, unsigned event);
int flr__bus_init(flr__bus *bus); /* owner_handler is kept; 0 or FLR_E_NOMEM */
void flr__bus_free(flr__bus *bus);

/* ---- fire.c ---- */
typedef struct flr__firing {
    bool by_host;    /* a component fires: it is the origin; else the runner is */
    bool federation; /* the scope */
    bool
        strict; /* without memory for the event's properties: FLR_E_NOMEM; else fire without them */
    bool keep_exceptions;  /* leave `__exceptions__` as it was */
    const flr__slot *data; /* `__event_data__` of this firing; NULL: what the context holds */
    bool owner_called;     /* [out] the site's owner has heard it */
} flr__firing;
int flr__bus_fire(flr_context *context, const flr__str *event, flr__firing *how);

/* ---- log.c ---- */
void flr__context_log_quiet(const flr_context *context, int level, const char *format, ...)
    FLR_PRINTF(3, 4);             /* no log event */
void flr__utf8_clean(char *text); /* what is not UTF-8 becomes '?' */
int flr__text_value(const char *text,
                    flr_value **value); /* the same in a copy. 0 or FLR_E_NOMEM, FLR_E_LIMIT */

#endif
