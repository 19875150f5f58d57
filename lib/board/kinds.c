/* The kinds of tasks as the host asks for them: options, what is wrong with them, and the plan that
 * they make. */
#include "board/board.h"

#include "base/abi.h"

void flr_broadcast_options_init(flr_broadcast_options *options, size_t size)
{
    flr__abi_init(options, size);
}

void flr_forever_options_init(flr_forever_options *options, size_t size)
{
    flr__abi_init(options, size);
}

void flr_send_options_init(flr_send_options *options, size_t size)
{
    flr__abi_init(options, size);
}

void flr_relay_options_init(flr_relay_options *options, size_t size)
{
    flr__abi_init(options, size);
}

/* ---- what they have in common ---- */

/* Import the options, or take the defaults if there are none: `required` says whether there must be.
 */
static int import(void *to, size_t size, const void *from, uint32_t known_flags, bool required,
                  flr_context *context)
{
    int status = 0;

    if (from != NULL || required) {
        status = flr__abi_import(to, size, from, size, known_flags);
    } else {
        flr__abi_init(to, size);
    }
    return status < 0 ? FLR__FAIL(context, status, "options") : 0;
}

/* The target mode; `preset` counts where there is no list. empty_allowed: so may be the list. */
static int set_targets(flr__plan *p, const char *const *names, size_t count, int64_t mode,
                       int preset, bool empty_allowed)
{
    if (mode < FLR_TARGETS_DEFAULT || mode > FLR_TARGETS_OPEN) {
        return FLR__FAIL(p->context, FLR_E_INVAL, "mode");
    }
    p->mode = mode;
    if (mode == FLR_TARGETS_DEFAULT) {
        p->mode = names == NULL ? preset : FLR_TARGETS_LIST;
    }
    if (p->mode == FLR_TARGETS_DEFAULT) {
        return FLR__FAIL(p->context, FLR_E_INVAL, "targets are required");
    }
    if (p->mode == FLR_TARGETS_LIST
            ? (names == NULL && (!empty_allowed || count > 0)) || (count == 0 && !empty_allowed)
            : names != NULL || count > 0) {
        return FLR__FAIL(p->context, FLR_E_INVAL, "targets do not fit the mode");
    }
    p->names = names;
    p->name_count = count;
    return 0;
}

/* A window or result timeout: finite, and not longer than the task's own timeout. */
static int set_time(flr__plan *p, const flr_task *t, const char *what, double seconds,
                    int64_t *time)
{
    if (flr__seconds(seconds, time) < 0) {
        return FLR__FAIL(p->context, FLR_E_INVAL, "%s", what);
    }
    if (t->timeout > 0 && *time > t->timeout) {
        return FLR__FAIL(p->context, FLR_E_INVAL, "%s is longer than the task's timeout", what);
    }
    return 0;
}

static int check_call(const flr_board *board, const flr_task *task, flr_context *context)
{
    if (board == NULL || task == NULL) {
        return FLR__FAIL(context, FLR_E_INVAL, board == NULL ? "board" : "task");
    }
    return 0;
}

/* ---- broadcast ---- */

int flr_board_broadcast(flr_board *board, flr_task *task, const flr_broadcast_options *options,
                        flr_context *context)
{
    flr__plan p = {.policy = &flr__policy_broadcast, .context = context};
    flr_broadcast_options o = {0};
    int status = check_call(board, task, context);

    if (status == 0) {
        status = import(&o, sizeof o, options, FLR_TARGETS_FLAG_ALLOW_UNKNOWN, false, context);
    }
    if (status == 0 && flr__seconds(o.wait_time_after_min_received, &p.wait) < 0) {
        status = FLR__FAIL(context, FLR_E_INVAL, "wait_time_after_min_received");
    }
    if (status == 0) {
        status = set_targets(&p, o.targets, o.target_count, o.mode, FLR_TARGETS_SNAPSHOT, false);
    }
    if (status < 0) {
        return status;
    }
    if (p.mode == FLR_TARGETS_OPEN && o.min_responses == 0) {
        return FLR__FAIL(context, FLR_E_INVAL, "min_responses is needed in open mode");
    }
    if (o.min_responses > SIZE_MAX) {
        return FLR__FAIL(context, FLR_E_INVAL, "min_responses");
    }
    p.min_responses = o.min_responses;
    p.unknown_allowed = (o.flags & FLR_TARGETS_FLAG_ALLOW_UNKNOWN) != 0;
    return flr__board_schedule(board, task, &p);
}

int flr_board_broadcast_forever(flr_board *board, flr_task *task,
                                const flr_forever_options *options, flr_context *context)
{
    flr__plan p = {.policy = &flr__policy_forever, .context = context};
    flr_forever_options o = {0};
    int status = check_call(board, task, context);

    if (status == 0) {
        status = import(&o, sizeof o, options, FLR_TARGETS_FLAG_ALLOW_UNKNOWN, false, context);
    }
    if (status == 0) {
        status = set_targets(&p, o.targets, o.target_count, o.mode, FLR_TARGETS_SNAPSHOT, false);
    }
    if (status < 0) {
        return status;
    }
    p.unknown_allowed = (o.flags & FLR_TARGETS_FLAG_ALLOW_UNKNOWN) != 0;
    return flr__board_schedule(board, task, &p);
}

/* ---- send and relay ---- */

static int check_order(const flr__plan *p, int64_t order)
{
    return order == FLR_ORDER_SEQUENTIAL || order == FLR_ORDER_ANY
               ? 0
               : FLR__FAIL(p->context, FLR_E_INVAL, "order");
}

int flr_board_send(flr_board *board, flr_task *task, const flr_send_options *options,
                   flr_context *context)
{
    flr__plan p = {.policy = &flr__policy_send, .context = context};
    flr_send_options o = {0};
    int status = check_call(board, task, context);

    if (status == 0) {
        status = import(&o, sizeof o, options, FLR_TARGETS_FLAG_ALLOW_UNKNOWN, true, context);
    }
    if (status == 0) {
        status = check_order(&p, o.order);
    }
    if (status == 0) {
        status = set_time(&p, task, "task_assignment_timeout", o.task_assignment_timeout, &p.step);
    }
    if (status == 0) {
        status = set_targets(&p, o.targets, o.target_count, o.mode, FLR_TARGETS_DEFAULT, false);
    }
    if (status < 0) {
        return status;
    }
    if (o.order == FLR_ORDER_ANY) {
        p.policy = &flr__policy_send_any;
    } else if (p.mode == FLR_TARGETS_OPEN) {
        return FLR__FAIL(context, FLR_E_INVAL, "a sequential send needs targets");
    }
    p.unknown_allowed = (o.flags & FLR_TARGETS_FLAG_ALLOW_UNKNOWN) != 0;
    return flr__board_schedule(board, task, &p);
}

int flr_board_relay(flr_board *board, flr_task *task, const flr_relay_options *options,
                    flr_context *context)
{
    flr__plan p = {.policy = &flr__policy_relay, .context = context};
    flr_relay_options o = {0};
    int status = check_call(board, task, context);

    if (status == 0) {
        status = import(&o, sizeof o, options,
                        FLR_TARGETS_FLAG_ALLOW_UNKNOWN | FLR_RELAY_FLAG_STATIC, false, context);
    }
    if (status == 0) {
        status = check_order(&p, o.order);
    }
    if (status == 0) {
        status = set_time(&p, task, "task_assignment_timeout", o.task_assignment_timeout, &p.step);
    }
    if (status == 0) {
        status =
            set_time(&p, task, "task_result_timeout", o.task_result_timeout, &p.result_timeout);
    }
    if (status < 0) {
        return status;
    }
    p.dynamic = (o.flags & FLR_RELAY_FLAG_STATIC) == 0;
    p.unknown_allowed = (o.flags & FLR_TARGETS_FLAG_ALLOW_UNKNOWN) != 0;
    status = set_targets(&p, o.targets, o.target_count, o.mode,
                         p.dynamic ? FLR_TARGETS_SNAPSHOT : FLR_TARGETS_DEFAULT, p.dynamic);
    if (status < 0) {
        return status;
    }
    if (!p.dynamic && p.mode == FLR_TARGETS_OPEN) {
        return FLR__FAIL(context, FLR_E_INVAL, "a static relay needs targets");
    }
    if (o.order == FLR_ORDER_ANY) {
        p.policy = &flr__policy_relay_any;
        p.step = 0; /* AR-01: ignored */
    }
    return flr__board_schedule(board, task, &p);
}
