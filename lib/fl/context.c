/*
 * Contexts: their life, slots, the peer context, detail texts, and the getters of what every
 * context knows. A context is used by one thread at a time, so no lock guards it; `busy` only
 * tells calls that overlap by mistake.
 */
#include "base/abi.h"
#include "fl/props.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define BIT(slot) (UINT64_C(1) << (slot))
/* The slots that CX-01 fills. */
#define BASE                                                                                       \
    (BIT(FLR__S_MANAGER) | BIT(FLR__S_ENGINE) | BIT(FLR__S_RUN_NUM) | BIT(FLR__S_IDENTITY_NAME))

_Static_assert(FLR__SLOTS <= 64, "a context keeps one bit for each slot");

enum { EMPTY = 0, VALUE = 1, MESSAGE = 2 };

bool flr__context_is_peer(const flr_context *context)
{
    return context->peer == NULL;
}

flr__context_block *flr__context_block_of(const flr_context *context)
{
    uintptr_t start = (uintptr_t)context;

    if (flr__context_is_peer(context)) {
        start -= offsetof(flr__context_block, peer);
    }
    return (flr__context_block *)start;
}

flr__prop_map *flr__context_others(const flr_context *context)
{
    flr__context_block *block = flr__context_block_of(context);

    return flr__context_is_peer(context) ? &block->peer_others : &block->others;
}

/* ---- slots ---- */

void flr__slot_copy(flr__slot *to, const flr__slot *from)
{
    *to = *from;
    to->borrowed = false;
    if (from->state == VALUE) {
        flr_value_ref(from->u.value);
    } else if (from->state == MESSAGE) {
        flr_shareable_ref(from->u.message);
    }
}

void flr__slot_release(flr__slot *slot)
{
    uint8_t state = slot->state;

    slot->state = EMPTY;
    if (slot->borrowed) {
        slot->borrowed = false;
    } else if (state == VALUE) {
        flr_value_unref(slot->u.value);
    } else if (state == MESSAGE) {
        flr_shareable_unref(slot->u.message);
    }
}

void flr__context_take(flr_context *context, unsigned slot, flr__slot *out)
{
    *out = context->slots[slot];
    context->slots[slot].state = EMPTY;
    context->slots[slot].borrowed = false;
    context->used &= ~BIT(slot);
}

void flr__context_give(flr_context *context, unsigned slot, const flr__slot *from)
{
    flr__slot old = context->slots[slot];

    context->slots[slot] = *from;
    if (from->state == EMPTY) {
        context->used &= ~BIT(slot);
    } else {
        context->used |= BIT(slot);
    }
    flr__slot_release(&old);
}

void flr__context_put(flr_context *context, unsigned slot, flr_value *value, uint32_t flags)
{
    flr__slot s = {
        {.value = value == NULL ? flr__value_nil() : value}, VALUE, (uint8_t)flags, false};

    flr__context_give(context, slot, &s);
}

void flr__context_lend(flr_context *context, unsigned slot, const flr_value *value, uint32_t flags)
{
    flr__slot s = {{.value = (flr_value *)(uintptr_t)value}, VALUE, (uint8_t)flags, true};

    flr__context_give(context, slot, &s);
}

void flr__context_put_message(flr_context *context, unsigned slot, flr_shareable *message,
                              uint32_t flags)
{
    flr__slot s = {{.message = message}, MESSAGE, (uint8_t)flags, false};

    flr__context_give(context, slot, &s);
}

void flr__context_drop(flr_context *context, unsigned slot)
{
    if ((context->used & BIT(slot)) != 0) {
        context->used &= ~BIT(slot);
        flr__slot_release(&context->slots[slot]);
    }
}

const flr_value *flr__context_own(const flr_context *context, unsigned slot)
{
    const flr__slot *s = &context->slots[slot];

    return s->state == VALUE ? s->u.value : NULL;
}

bool flr__context_is_bare(const flr_context *context, const flr_value *job,
                          const flr_value *identity)
{
    if (context->others != NULL || flr__context_own(context, FLR__S_RUN_NUM) != job ||
        flr__context_own(context, FLR__S_IDENTITY_NAME) != identity) {
        return false;
    }
    for (uint64_t rest = context->used & ~(BIT(FLR__S_RUN_NUM) | BIT(FLR__S_IDENTITY_NAME));
         rest != 0; rest &= rest - 1) {
        unsigned slot = (unsigned)__builtin_ctzll(rest);

        if ((context->slots[slot].flags & FLR_PROP_FLAG_PUBLIC) != 0) {
            return false;
        }
    }
    return true;
}

flr_shareable *flr__context_own_message(const flr_context *context, unsigned slot)
{
    const flr__slot *s = &context->slots[slot];

    if (s->state == MESSAGE) {
        return s->u.message;
    }
    return s->state == VALUE ? flr_value_get_pointer(s->u.value, "flr_shareable") : NULL;
}

flr_value *flr__context_find(const flr_context *context, unsigned slot)
{
    flr__key key = {flr__str_wellknown(slot)->text, slot};
    flr_value *value = NULL;
    uint32_t flags;
    int status = flr__context_get_own(context, &key, &value, &flags);

    if (status == FLR_E_NOTFOUND && context->site != NULL) {
        value = flr__sticky_get(context->site, &key, &flags);
    }
    return value;
}

static const char *own_text(const flr_context *context, unsigned slot, const char *missing)
{
    return context == NULL ? missing : flr_value_get_text(flr__context_own(context, slot), missing);
}

/* ---- life ---- */

/*
 * A property of every context; the site's own value is often there already, then its count is left
 * alone.
 */
static inline void put_base(flr_context *context, unsigned slot, flr_value *value, uint32_t flags)
{
    const flr__slot *s = &context->slots[slot];

    if (s->state == VALUE && s->u.value == value && s->flags == flags) {
        return;
    }
    if (value == NULL) {
        flr__context_drop(context, slot);
    } else {
        flr__context_put(context, slot, flr_value_ref(value), flags);
    }
}

static void fill(flr_context *context)
{
    flr__site *site = context->site;

    put_base(context, FLR__S_MANAGER, site->manager_value, 0);
    put_base(context, FLR__S_ENGINE, site->engine_value, 0);
    put_base(context, FLR__S_RUN_NUM, site->job_value, FLR_PROP_FLAG_PUBLIC | FLR_PROP_FLAG_STICKY);
    put_base(context, FLR__S_IDENTITY_NAME, site->identity_value, FLR_PROP_FLAG_PUBLIC);
}

static void drop_slots(flr_context *context, uint64_t slots)
{
    for (uint64_t rest = context->used & slots; rest != 0; rest &= rest - 1) {
        flr__slot_release(&context->slots[(unsigned)__builtin_ctzll(rest)]);
    }
    context->used &= ~slots;
}

static void drop_others(flr_context *context)
{
    if (context->others != NULL) {
        flr__prop_map_clear(context->others);
        context->others = NULL;
    }
}

void flr__context_clear_peer(flr_context *context)
{
    drop_slots(context->peer, UINT64_MAX);
    drop_others(context->peer);
    context->has_peer = false;
}

void flr__context_drop_views(flr_context *context)
{
    flr_value_unref(context->answer.name);
    flr_value_unref(context->answer.id);
    flr_shareable_unref(context->answer.data);
    memset(&context->answer, 0, sizeof context->answer);
    flr_shareable_unref(context->reply);
    context->reply = NULL;
}

/* ---- its own copies of what all share ---- */

int flr__context_keep_text(flr_value **kept, const char *text, flr_value **value)
{
    const char *last = flr_value_get_text(*kept, NULL);
    flr_value *fresh;
    int status;

    if (last == NULL || strcmp(last, text) != 0) {
        if (strnlen(text, FLR_NAME_MAX + 1) > FLR_NAME_MAX) {
            *value = flr__value_nil();
            return 0;
        }
        status = flr_value_new_text(text, &fresh);
        if (status == FLR_E_INVAL) {
            *value = flr__value_nil();
            return 0;
        }
        if (status < 0) {
            return status;
        }
        flr_value_unref(*kept);
        *kept = fresh;
    }
    *value = flr_value_ref(*kept);
    return 0;
}

void flr__context_keep_id(flr_context *context, const flr_value *id)
{
    flr_value **kept = &context->own_values->task_id;

    if (*kept != id) {
        flr_value_unref(*kept);
        *kept = flr_value_ref(id);
    }
}

void flr__own_values_drop_answers(flr__own_values *own)
{
    flr_value_unref(own->wire);
    flr_value_unref(own->wait);
    flr_value_unref(own->min_timeout);
    flr_shareable_unref(own->try_again);
    own->wire = own->wait = own->min_timeout = NULL;
    own->try_again = NULL;
}

static void drop_own_values(flr__own_values *own)
{
    flr__own_values_drop_answers(own);
    flr_value_unref(own->task_name);
    flr_value_unref(own->task_id);
    flr_value_unref(own->workflow_id);
}

void flr__context_clear(flr_context *context)
{
    flr__context_block *block = flr__context_block_of(context);

    drop_slots(context, context->site == NULL ? UINT64_MAX : ~BASE);
    drop_others(context);
    if (context->has_peer) {
        flr__context_clear_peer(context);
    }
    if (context->site != NULL) {
        fill(context);
    }
    block->marks = 0;
    flr_value_unref(block->marked);
    block->marked = NULL;
    block->log_events = 0;
    block->detail[0] = '\0';
    context->depth = 0;
    flr__context_drop_views(context);
}

/* Site NULL: a context without an engine, as a copy of a peer context is. */
static flr_context *make(flr__site *site)
{
    flr__context_block *block = flr__zalloc(sizeof *block);

    if (block == NULL) {
        return NULL;
    }
    atomic_init(&block->context.busy, false);
    atomic_init(&block->peer.busy, false);
    block->context.site = site;
    block->context.peer = &block->peer;
    block->context.detail = block->detail;
    block->context.own_values = &block->own_values;
    block->context.now = FLR_TIME_NONE;
    if (site != NULL && site->retain != NULL) {
        site->retain(site);
    }
    return &block->context;
}

flr_context *flr__context_new(flr__site *site)
{
    flr_context *context = make(site);

    if (context != NULL) {
        fill(context);
    }
    return context;
}

flr_context *flr__context_new_weak(flr__site *site)
{
    flr_context *context = flr__context_new(site);

    if (context != NULL) {
        context->weak = true;
        if (site->release != NULL) {
            site->release(site); /* never the last one: the owner itself is calling */
        }
    }
    return context;
}

void flr__context_free(flr_context *context)
{
    flr__site *site;
    bool weak;

    if (context == NULL || flr__context_is_peer(context)) {
        return;
    }
    site = context->site;
    weak = context->weak;
    context->site = NULL; /* so that clearing leaves nothing */
    flr__context_clear(context);
    drop_own_values(context->own_values);
    flr__free(flr__context_block_of(context));
    if (!weak && site != NULL && site->release != NULL) {
        site->release(site);
    }
}

void flr_context_free(flr_context *context)
{
    if (context != NULL && context->own && !atomic_load(&context->busy)) {
        flr__context_free(context);
    }
}

int flr_context_reset(flr_context *context)
{
    if (context == NULL) {
        return FLR_E_INVAL;
    }
    if (!context->own || atomic_load(&context->busy)) {
        return FLR_E_STATE;
    }
    flr__context_clear(context);
    return 0;
}

static void copy_entries(flr_context *to, flr__prop_map *others, const flr_context *from)
{
    for (uint64_t rest = from->used; rest != 0; rest &= rest - 1) {
        unsigned slot = (unsigned)__builtin_ctzll(rest);

        flr__slot_copy(&to->slots[slot], &from->slots[slot]);
    }
    to->used = from->used;
    if (from->others != NULL) {
        flr__prop_map_copy(others, from->others);
        to->others = others;
    }
}

int flr_context_clone(const flr_context *context, flr_context **copy)
{
    const flr__context_block *from;
    flr__context_block *to;
    flr_context *c;

    if (context == NULL || copy == NULL) {
        return FLR_E_INVAL;
    }
    c = make(context->site);
    if (c == NULL) {
        return FLR_E_NOMEM;
    }
    to = flr__context_block_of(c);
    copy_entries(c, &to->others, context);
    if (!flr__context_is_peer(context)) {
        from = flr__context_block_of(context);
        c->has_peer = context->has_peer;
        copy_entries(&to->peer, &to->peer_others, context->peer);
        to->marks = from->marks;
        to->marked = flr_value_ref(from->marked);
        to->log_events = from->log_events;
        /*
         * A copy made inside a handler is as deep as it: endless firing by way of copies ends too.
         */
        c->depth = context->depth;
    }
    c->own = true;
    *copy = c;
    return 0;
}

/* ---- the peer context ---- */

static bool is_job(const flr__site *site, const flr_value *value)
{
    const char *job = flr_value_get_text(value, NULL);

    return site != NULL && job != NULL && strcmp(job, site->job->text) == 0;
}

static void set_peer(flr_context *context, const flr_value *props)
{
    flr__context_block *block = flr__context_block_of(context);
    flr_context *peer = context->peer;

    for (size_t i = 0; i < flr_value_get_size(props); i++) {
        unsigned slot = flr__slot_of(flr__map_key(props, i));
        const flr_value *value = flr_map_get_at(props, i);

        if (slot == FLR__S_RUN_NUM && is_job(context->site, value)) {
            flr__context_lend(peer, slot, context->site->job_value, FLR_PROP_FLAG_PUBLIC);
        } else if (slot != 0) {
            flr__context_put(peer, slot, flr_value_ref(value), FLR_PROP_FLAG_PUBLIC);
        } else if (peer->others == NULL) {
            /*
             * The whole map is shared: what a hostile peer sends costs a reference, however large.
             */
            block->peer_others.maps[FLR_PROP_FLAG_PUBLIC] = flr_value_ref(props);
            peer->others = &block->peer_others;
        }
    }
    context->has_peer = true;
}

int flr_context_set_peer_props(flr_context *context, const flr_value *props)
{
    flr_value *held;

    if (context == NULL || flr__context_is_peer(context)) {
        return FLR_E_INVAL;
    }
    if (props != NULL && flr_value_get_kind(props) != FLR_VALUE_MAP) {
        return flr__context_refuse(context, FLR_E_INVAL, "props");
    }
    if (!context->has_peer) {
        if (props != NULL) {
            set_peer(context, props);
        }
        return 0;
    }
    held = flr_value_ref(props); /* it may live in the peer context that is about to go */
    flr__context_clear_peer(context);
    if (held != NULL) {
        set_peer(context, held);
        flr_value_unref(held);
    }
    return 0;
}

flr_context *flr_context_get_peer(const flr_context *context)
{
    return context != NULL && context->has_peer ? context->peer : NULL;
}

/* ---- what every context knows ---- */

void *flr_context_get_engine(const flr_context *context)
{
    return context == NULL
               ? NULL
               : flr_value_get_pointer(flr__context_own(context, FLR__S_ENGINE), "engine");
}

const char *flr_context_get_job_id(const flr_context *context)
{
    return own_text(context, FLR__S_RUN_NUM, NULL);
}

const char *flr_context_get_identity(const flr_context *context)
{
    return own_text(context, FLR__S_IDENTITY_NAME, "");
}

const char *flr_context_get_task_name(const flr_context *context)
{
    return own_text(context, FLR__S_TASK_NAME, NULL);
}

const char *flr_context_get_task_id(const flr_context *context)
{
    return own_text(context, FLR__S_TASK_ID, NULL);
}

flr_signal *flr_context_get_abort_signal(const flr_context *context)
{
    flr_value *value = context == NULL ? NULL : flr__context_find(context, FLR__S_RUN_ABORT_SIGNAL);
    flr_signal *signal = flr_signal_ref(flr_value_get_pointer(value, "flr_signal"));

    flr_value_unref(value);
    return signal;
}

flr_runner *flr_context_get_runner(const flr_context *context)
{
    return context == NULL || context->site == NULL ? NULL : context->site->runner;
}

flr_clock *flr_context_get_clock(const flr_context *context)
{
    return context == NULL || context->site == NULL ? NULL : context->site->clock;
}

void *flr_context_find_component(const flr_context *context, const char *id)
{
    const flr__component *c;

    if (context == NULL || context->site == NULL || id == NULL) {
        return NULL;
    }
    c = flr__components_find(&context->site->components, id, 0);
    return c == NULL ? NULL : c->self;
}

/* ---- detail texts ---- */

FLR_PRINTF(2, 0)
static void set_detail(flr_context *context, const char *format, va_list args)
{
    char text[FLR__DETAIL_MAX]; /* an argument may be the present detail */

    if (context->detail != NULL && vsnprintf(text, sizeof text, format, args) >= 0) {
        memcpy(context->detail, text, strlen(text) + 1);
    }
}

int flr_context_fail(flr_context *context, int code, const char *format, ...)
{
    va_list args;

    if (context != NULL && format != NULL) {
        va_start(args, format);
        set_detail(context, format, args);
        va_end(args);
    }
    return code;
}

int flr__context_refuse(flr_context *context, int status, const char *argument)
{
    return flr_context_fail(context, status, "%s: %s", argument, flr_status_get_text(status));
}

const char *flr_context_get_detail(const flr_context *context)
{
    return context == NULL || context->detail == NULL ? "" : context->detail;
}

void flr__context_clear_detail(flr_context *context)
{
    if (context->detail != NULL) {
        context->detail[0] = '\0';
    }
}
