/*
 * Tests of filters, chains and scopes: rows FI-01 to FI-09 (what the runner makes of them is
 * tested with it).
 */
#include "fl/filter.h"
#include "support/failalloc.h"
#include "support/site.h"
#include "support/suite.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SAME, FRESH, FROZEN, NOTHING, FAIL, POSITIVE };

/* A filter that appends its letter to the body's "trace". */
typedef struct tracer {
    char letter;
    int mode;
    int destroyed;
    int calls;
    char direction[8];
    int nested_status;            /* what applying the same list inside gave */
    const flr__filter_list *nest; /* NULL: nothing nested */
    atomic_int inside, most_inside;
} tracer;

static void append(flr_shareable *message, char letter)
{
    char text[64];

    snprintf(text, sizeof text, "%s%c", flr_value_get_text(flr_shareable_get(message, "trace"), ""),
             letter);
    ck_assert_int_eq(flr_shareable_set_text(message, "trace", text), 0);
}

static int trace(void *self, flr_context *context, flr_shareable *message, flr_shareable **output)
{
    tracer *t = self;
    flr_value *direction;

    t->calls++;
    ck_assert_int_eq(flr_context_get(context, FLR_PROP_FILTER_DIR, &direction), 0);
    snprintf(t->direction, sizeof t->direction, "%s", flr_value_get_text(direction, "?"));
    flr_value_unref(direction);
    if (t->nest != NULL) {
        flr_shareable *inner;

        ck_assert_int_eq(flr_shareable_new(&inner), 0);
        t->nested_status = flr__filter_list_apply(t->nest, context, FLR_FILTER_IN, &inner);
        flr_shareable_unref(inner);
    }
    switch (t->mode) {
    case FAIL:
        return flr_context_fail(context, FLR_E_UNSAFE_JOB, "filter %c says no", t->letter);
    case POSITIVE:
        return 7;
    case NOTHING:
        return 0;
    case FRESH:
    case FROZEN:
        ck_assert_int_eq(flr_shareable_copy(message, NULL, output), 0);
        append(*output, t->letter);
        if (t->mode == FROZEN)
            flr_shareable_freeze(*output);
        return 0;
    default:
        append(message, t->letter);
        *output = flr_shareable_ref(message);
        return 0;
    }
}

static void count_destroy(void *self)
{
    ((tracer *)self)->destroyed++;
}

static flr_filter *make_filter(tracer *t, uint32_t flags)
{
    flr_component_ops component;
    flr_filter_ops ops;
    flr_filter *filter;
    char name[16];

    snprintf(name, sizeof name, "filter-%c", t->letter);
    flr_component_ops_init(&component, sizeof component);
    component.name = name;
    component.destroy = count_destroy;
    flr_filter_ops_init(&ops, sizeof ops);
    ops.flags = flags;
    ops.component = &component;
    ops.process = trace;
    ck_assert_int_eq(flr_filter_new(&ops, t, &filter), 0);
    return filter;
}

static flr_filter_chain *make_chain(tracer *t)
{
    flr_filter *filter = make_filter(t, 0);
    flr_filter_chain *chain;

    ck_assert_int_eq(flr_filter_chain_new(&chain), 0);
    ck_assert_int_eq(flr_filter_chain_add(chain, filter), 0);
    flr_filter_unref(filter);
    return chain;
}

static void add_chain(flr__chains *chains, const char *pattern, int direction, tracer *t)
{
    flr_filter_chain *chain = make_chain(t);

    ck_assert_int_eq(flr__chains_add(chains, pattern, direction, chain), 0);
    flr_filter_chain_unref(chain);
}

/* The trace that a fresh message gets; the code if it fails. */
static const char *pass(flr_context *context, const flr__chains *chains, bool results,
                        int direction, const char *task)
{
    static char text[64];
    flr_shareable *message;
    int status;

    ck_assert_int_eq(flr_shareable_new(&message), 0);
    status = flr__filters_apply(context, chains, results, direction, task, &message);
    if (status < 0) {
        ck_assert_ptr_null(message);
        snprintf(text, sizeof text, "%s", flr_status_get_name(status));
    } else {
        snprintf(text, sizeof text, "%s",
                 flr_value_get_text(flr_shareable_get(message, "trace"), ""));
        flr_shareable_unref(message);
    }
    return text;
}

typedef struct fixture {
    test_site *t;
    flr_context *context;
    flr__chains chains;
} fixture;

static fixture begin(void)
{
    fixture f = {test_site_new(NULL, NULL, "job", "server"), NULL, {NULL, 0, 0}};

    ck_assert_ptr_nonnull(f.t);
    f.context = test_site_context(f.t);
    ck_assert_ptr_nonnull(f.context);
    return f;
}

static void end(fixture *f)
{
    flr__chains_free(&f->chains);
    flr_context_free(f->context);
    ck_assert_int_eq(test_site_free(f->t), 0);
}

START_TEST(fi_01_scope_first_then_the_job_in_order)
{
    fixture f = begin();
    tracer t[6] = {{.letter = 'a'}, {.letter = 'b'}, {.letter = 'c', .mode = FRESH},
                   {.letter = 'd'}, {.letter = 'e'}, {.letter = 'f'}};
    flr_filter *filters[4];
    flr_scope *scope;

    ck_assert_int_eq(flr_scope_new("public", &scope), 0);
    for (size_t i = 0; i < 4; i++)
        filters[i] = make_filter(&t[i], 0);
    ck_assert_int_eq(flr_scope_add_data_filter(scope, FLR_FILTER_OUT, filters[0]), 0);
    ck_assert_int_eq(flr_scope_add_data_filter(scope, FLR_FILTER_IN, filters[1]), 0);
    ck_assert_int_eq(flr_scope_add_data_filter(scope, FLR_FILTER_INOUT, filters[2]), 0);
    ck_assert_int_eq(flr_scope_add_result_filter(scope, FLR_FILTER_IN, filters[3]), 0);
    add_chain(&f.chains, "train", FLR_FILTER_OUT, &t[4]);
    add_chain(&f.chains, "*", FLR_FILTER_OUT, &t[5]);
    f.t->site.scope = scope;
    ck_assert_str_eq(pass(f.context, &f.chains, false, FLR_FILTER_OUT, "train"), "acef");
    ck_assert_str_eq(pass(f.context, &f.chains, false, FLR_FILTER_IN, "train"), "bc");
    ck_assert_str_eq(pass(f.context, &f.chains, true, FLR_FILTER_IN, "train"), "d");
    ck_assert_str_eq(pass(f.context, &f.chains, true, FLR_FILTER_OUT, "x"), "f");
    f.t->site.scope = NULL;
    for (size_t i = 0; i < 4; i++) {
        ck_assert_int_eq(t[i].destroyed, 0);
        flr_filter_unref(filters[i]);
    }
    flr_scope_unref(scope);
    end(&f);
    for (size_t i = 0; i < 6; i++)
        ck_assert_int_eq(t[i].destroyed, 1);
}
END_TEST

START_TEST(fi_02_direction_is_set_and_nothing_else_happens_without_filters)
{
    fixture f = begin();
    flr_shareable *message, *same;
    flr_value *value;
    uint32_t flags;

    ck_assert_int_eq(flr_shareable_new(&message), 0);
    same = message;
    flr_shareable_freeze(message);
    ck_assert_int_eq(
        flr__filters_apply(f.context, &f.chains, false, FLR_FILTER_OUT, "train", &message), 0);
    ck_assert_ptr_eq(message, same);
    ck_assert_int_eq(flr_context_get_prop(f.context, "__filter_dir__", &value, &flags), 0);
    ck_assert_str_eq(flr_value_get_text(value, "?"), "out");
    ck_assert_uint_eq(flags, 0);
    flr_value_unref(value);
    ck_assert_int_eq(
        flr__filters_apply(f.context, &f.chains, true, FLR_FILTER_IN, "train", &message), 0);
    ck_assert_int_eq(flr_context_get(f.context, "__filter_dir__", &value), 0);
    ck_assert_str_eq(flr_value_get_text(value, "?"), "in");
    flr_value_unref(value);
    ck_assert(!flr__filters_any(&f.t->site, &f.chains, true, FLR_FILTER_IN, "train"));
    flr_shareable_unref(message);
    end(&f);
}
END_TEST

START_TEST(fi_02_direction_is_set_before_the_first_filter)
{
    fixture f = begin();
    tracer t = {.letter = 'a'};

    add_chain(&f.chains, "*", FLR_FILTER_INOUT, &t);
    pass(f.context, &f.chains, false, FLR_FILTER_OUT, "train");
    ck_assert_str_eq(t.direction, "out");
    pass(f.context, &f.chains, false, FLR_FILTER_IN, "train");
    ck_assert_str_eq(t.direction, "in");
    end(&f);
}
END_TEST

START_TEST(fi_03_names_and_patterns_in_order_of_configuration)
{
    fixture f = begin();
    tracer t[5] = {
        {.letter = 'a'}, {.letter = 'b'}, {.letter = 'c'}, {.letter = 'd'}, {.letter = 'e'}};

    add_chain(&f.chains, "tr*n", FLR_FILTER_OUT, &t[0]);
    add_chain(&f.chains, "*", FLR_FILTER_OUT, &t[1]);
    add_chain(&f.chains, "train", FLR_FILTER_OUT, &t[2]);
    add_chain(&f.chains, "t?ain", FLR_FILTER_OUT, &t[3]);
    add_chain(&f.chains, "[t]*", FLR_FILTER_OUT, &t[4]);
    ck_assert_str_eq(pass(f.context, &f.chains, false, FLR_FILTER_OUT, "train"), "abc");
    ck_assert_str_eq(pass(f.context, &f.chains, false, FLR_FILTER_OUT, "trn"), "ab");
    ck_assert_str_eq(pass(f.context, &f.chains, false, FLR_FILTER_OUT, "trainer"), "b");
    ck_assert_str_eq(pass(f.context, &f.chains, false, FLR_FILTER_OUT, "t?ain"), "bd");
    ck_assert_str_eq(pass(f.context, &f.chains, false, FLR_FILTER_OUT, "[t]"), "be");
    ck_assert_str_eq(pass(f.context, &f.chains, false, FLR_FILTER_OUT, ""), "b");
    ck_assert(flr__filters_any(&f.t->site, &f.chains, false, FLR_FILTER_OUT, "x"));
    ck_assert(!flr__filters_any(&f.t->site, &f.chains, false, FLR_FILTER_IN, "train"));
    end(&f);
}
END_TEST

START_TEST(fi_04_inout_repeats_and_unknown_directions)
{
    fixture f = begin();
    tracer t = {.letter = 'a'};
    flr_filter_chain *chain = make_chain(&t), *other;
    flr_filter *filter = make_filter(&t, 0);
    char longest[FLR_NAME_MAX + 2];

    memset(longest, 'x', sizeof longest);
    longest[sizeof longest - 1] = '\0';
    ck_assert_int_eq(flr__chains_add(&f.chains, "train", 0, chain), FLR_E_INVAL);
    ck_assert_int_eq(flr__chains_add(&f.chains, "train", 4, chain), FLR_E_INVAL);
    ck_assert_int_eq(flr__chains_add(&f.chains, "", FLR_FILTER_IN, chain), FLR_E_INVAL);
    ck_assert_int_eq(flr__chains_add(&f.chains, NULL, FLR_FILTER_IN, chain), FLR_E_INVAL);
    ck_assert_int_eq(flr__chains_add(&f.chains, longest, FLR_FILTER_IN, chain), FLR_E_LIMIT);
    ck_assert_int_eq(flr__chains_add(&f.chains, "train", FLR_FILTER_IN, NULL), FLR_E_INVAL);
    ck_assert_int_eq(flr_filter_chain_add(chain, filter), 0); /* none of these took it into use */
    ck_assert_int_eq(flr__chains_add(&f.chains, "train", FLR_FILTER_INOUT, chain), 0);
    ck_assert_int_eq(flr_filter_chain_add(chain, filter), FLR_E_STATE);
    ck_assert_int_eq(flr__chains_add(&f.chains, "train", FLR_FILTER_IN, chain), FLR_E_EXISTS);
    ck_assert_int_eq(flr__chains_add(&f.chains, "train", FLR_FILTER_OUT, chain), FLR_E_EXISTS);
    ck_assert_int_eq(flr__chains_add(&f.chains, "train", FLR_FILTER_INOUT, chain), FLR_E_EXISTS);
    ck_assert_int_eq(flr_filter_chain_new(&other), 0);
    ck_assert_int_eq(flr__chains_add(&f.chains, "tra*", FLR_FILTER_IN, other), 0);
    ck_assert_int_eq(flr__chains_add(&f.chains, "tra*", FLR_FILTER_INOUT, other), FLR_E_EXISTS);
    ck_assert_int_eq(flr__chains_add(&f.chains, "tra*", FLR_FILTER_OUT, other), 0);
    ck_assert_uint_eq(f.chains.count, 3);
    ck_assert_str_eq(pass(f.context, &f.chains, false, FLR_FILTER_IN, "train"), "aa");
    ck_assert_str_eq(pass(f.context, &f.chains, false, FLR_FILTER_OUT, "train"), "aa");
    flr_filter_chain_unref(other);
    flr_filter_chain_unref(chain);
    flr_filter_unref(filter);
    end(&f);
    ck_assert_int_eq(t.destroyed, 2); /* two filters were made with this self */
}
END_TEST

START_TEST(fi_05_a_failing_filter_stops_the_chain)
{
    fixture f = begin();
    tracer t[3] = {{.letter = 'a'}, {.letter = 'b', .mode = FAIL}, {.letter = 'c'}};

    for (size_t i = 0; i < 3; i++) {
        char pattern[4] = {'*', '*', '\0', '\0'};

        pattern[i == 0 ? 1 : 2] = i == 2 ? '*' : '\0';
        add_chain(&f.chains, pattern, i == 1 ? FLR_FILTER_IN : FLR_FILTER_INOUT, &t[i]);
    }
    ck_assert_str_eq(pass(f.context, &f.chains, true, FLR_FILTER_IN, "train"), "FLR_E_UNSAFE_JOB");
    ck_assert_str_eq(flr_context_get_detail(f.context), "filter b says no");
    ck_assert_int_eq(t[0].calls, 1);
    ck_assert_int_eq(t[2].calls, 0);
    t[1].mode = POSITIVE;
    ck_assert_str_eq(pass(f.context, &f.chains, true, FLR_FILTER_IN, "train"), "FLR_E_CALLBACK");
    ck_assert_str_eq(flr_context_get_detail(f.context), "");
    t[1].mode = NOTHING;
    ck_assert_str_eq(pass(f.context, &f.chains, true, FLR_FILTER_IN, "train"), "FLR_E_CALLBACK");
    ck_assert_str_eq(flr_context_get_detail(f.context), "filter filter-b gave no message");
    ck_assert_int_eq(t[2].calls, 0);
    end(&f);
}
END_TEST

START_TEST(fi_06_what_filters_change_is_not_seen_in_the_source)
{
    fixture f = begin();
    tracer t[2] = {{.letter = 'a', .mode = FROZEN}, {.letter = 'b'}};
    flr_shareable *source, *copy;

    add_chain(&f.chains, "*", FLR_FILTER_OUT, &t[0]);
    add_chain(&f.chains, "train", FLR_FILTER_OUT, &t[1]);
    ck_assert_int_eq(flr_shareable_new(&source), 0);
    append(source, 's');
    flr_shareable_freeze(source);
    for (int i = 0; i < 2; i++) {
        ck_assert_int_eq(flr_shareable_copy(source, NULL, &copy), 0);
        ck_assert_int_eq(
            flr__filters_apply(f.context, &f.chains, false, FLR_FILTER_OUT, "train", &copy), 0);
        ck_assert_str_eq(flr_value_get_text(flr_shareable_get(copy, "trace"), ""), "sab");
        flr_shareable_unref(copy);
    }
    ck_assert_str_eq(flr_value_get_text(flr_shareable_get(source, "trace"), ""), "s");
    flr_shareable_unref(source);
    end(&f);
}
END_TEST

/* ---- FI-07: several threads ---- */

enum { THREADS = 4, ROUNDS = 200 };

typedef struct crowd {
    flr__chains *chains;
    test_site *t;
    tracer *tracer;
    int failures;
} crowd;

static int meet(void *self, flr_context *context, flr_shareable *message, flr_shareable **output)
{
    tracer *t = self;
    int now = atomic_fetch_add(&t->inside, 1) + 1;
    int most = atomic_load(&t->most_inside);

    while (now > most && !atomic_compare_exchange_weak(&t->most_inside, &most, now)) {
    }
    flr_context_log_is_on(context, FLR_LOG_INFO); /* a call back into the library */
    *output = flr_shareable_ref(message);
    atomic_fetch_sub(&t->inside, 1);
    return 0;
}

static void *pass_many(void *arg)
{
    crowd *c = arg;
    flr_context *context = test_site_context(c->t);

    for (int i = 0; i < ROUNDS; i++) {
        flr_shareable *message = NULL;

        if (flr_shareable_new(&message) < 0 ||
            flr__filters_apply(context, c->chains, false, FLR_FILTER_OUT, "train", &message) < 0)
            c->failures++;
        flr_shareable_unref(message);
    }
    flr_context_free(context);
    return NULL;
}

START_TEST(fi_07_one_thread_at_a_time_unless_concurrent)
{
    fixture f = begin();
    tracer t = {.letter = 'a'};
    crowd crowds[THREADS];
    pthread_t threads[THREADS];
    flr_filter_chain *chain;
    flr_filter_ops ops;
    flr_filter *filter;

    flr_filter_ops_init(&ops, sizeof ops);
    ops.process = meet;
    ck_assert_int_eq(flr_filter_new(&ops, &t, &filter), 0);
    ck_assert_int_eq(flr_filter_chain_new(&chain), 0);
    ck_assert_int_eq(flr_filter_chain_add(chain, filter), 0);
    ck_assert_int_eq(flr__chains_add(&f.chains, "*", FLR_FILTER_OUT, chain), 0);
    for (int i = 0; i < THREADS; i++) {
        crowds[i] = (crowd){&f.chains, f.t, &t, 0};
        ck_assert_int_eq(pthread_create(&threads[i], NULL, pass_many, &crowds[i]), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        ck_assert_int_eq(crowds[i].failures, 0);
    }
    ck_assert_int_eq(atomic_load(&t.most_inside), 1);
    flr_filter_chain_unref(chain);
    flr_filter_unref(filter);
    end(&f);
}
END_TEST

START_TEST(fi_07_inside_itself_a_filter_is_reentrant_unless_concurrent)
{
    fixture f = begin();
    tracer t = {.letter = 'a'}, both = {.letter = 'b'};
    flr_filter *filter = make_filter(&t, 0),
               *free_filter = make_filter(&both, FLR_FILTER_FLAG_CONCURRENT);
    flr__filter_list list = {NULL, 0, 0}, other = {NULL, 0, 0};
    flr_shareable *message;

    ck_assert_int_eq(flr__filter_list_add(&list, FLR_FILTER_IN, filter), 0);
    ck_assert_int_eq(flr__filter_list_add(&other, FLR_FILTER_IN, free_filter), 0);
    flr__context_put(f.context, FLR__S_FILTER_DIR, flr_value_ref(f.t->site.filter_dirs[0]), 0);
    ck_assert_int_eq(flr_shareable_new(&message), 0);
    t.nest = &list;
    ck_assert_int_eq(flr__filter_list_apply(&list, f.context, FLR_FILTER_IN, &message), 0);
    ck_assert_int_eq(t.nested_status, FLR_E_REENTRANT);
    ck_assert_int_eq(t.calls, 1);
    t.nest = &other; /* another one that nobody is inside of */
    ck_assert_int_eq(flr__filter_list_apply(&list, f.context, FLR_FILTER_IN, &message), 0);
    ck_assert_int_eq(t.nested_status, 0);
    ck_assert_int_eq(both.calls, 1);
    flr_shareable_unref(message);
    flr__filter_list_free(&list);
    flr__filter_list_free(&other);
    flr_filter_unref(filter);
    flr_filter_unref(free_filter);
    end(&f);
}
END_TEST

START_TEST(fi_08_scopes_of_a_site)
{
    flr__scopes scopes = {NULL, 0, 0, NULL};
    flr_scope *first, *second, *twin, *chosen = NULL;
    tracer t = {.letter = 'a'};
    flr_filter *filter = make_filter(&t, 0);

    ck_assert_int_eq(flr__scopes_choose(&scopes, "anything", &chosen),
                     0); /* no scopes: no policy */
    ck_assert_ptr_null(chosen);
    ck_assert_int_eq(flr__scopes_choose(&scopes, "", &chosen), 0);
    ck_assert_int_eq(flr_scope_new("public", &first), 0);
    ck_assert_int_eq(flr_scope_new("private", &second), 0);
    ck_assert_int_eq(flr_scope_new("public", &twin), 0);
    ck_assert_int_eq(flr__scopes_add(&scopes, first), 0);
    ck_assert_int_eq(flr__scopes_add(&scopes, second), 0);
    ck_assert_int_eq(flr__scopes_add(&scopes, twin), FLR_E_EXISTS);
    ck_assert_int_eq(flr__scopes_add(&scopes, first), FLR_E_EXISTS);
    ck_assert_int_eq(flr__scopes_add(&scopes, NULL), FLR_E_INVAL);
    ck_assert_int_eq(flr__scopes_choose(&scopes, "", &chosen), FLR_E_NOTFOUND); /* no default */
    ck_assert_int_eq(flr__scopes_choose(&scopes, NULL, &chosen), FLR_E_NOTFOUND);
    ck_assert_int_eq(flr__scopes_choose(&scopes, "other", &chosen), FLR_E_NOTFOUND);
    ck_assert_int_eq(flr__scopes_choose(&scopes, "private", &chosen), 0);
    ck_assert_ptr_eq(chosen, second);
    ck_assert_int_eq(flr_scope_add_data_filter(second, FLR_FILTER_IN, filter), FLR_E_STATE);
    ck_assert_int_eq(flr_scope_add_result_filter(second, FLR_FILTER_IN, filter), FLR_E_STATE);
    ck_assert_int_eq(flr__scopes_set_default(&scopes, "nowhere"), 0);
    ck_assert_int_eq(flr__scopes_choose(&scopes, "private", &chosen), FLR_E_NOTFOUND);
    ck_assert_int_eq(flr__scopes_set_default(&scopes, "public"), 0);
    ck_assert_int_eq(flr_scope_add_data_filter(first, FLR_FILTER_IN, filter), 0);
    ck_assert_int_eq(flr__scopes_choose(&scopes, "", &chosen), 0);
    ck_assert_ptr_eq(chosen, first);
    ck_assert_int_eq(flr__scopes_set_default(&scopes, ""), FLR_E_INVAL);
    flr__scopes_free(&scopes);
    flr_scope_unref(first);
    flr_scope_unref(second);
    flr_scope_unref(twin);
    flr_filter_unref(filter);
    ck_assert_int_eq(t.destroyed, 1);
}
END_TEST

START_TEST(fi_08_scope_arguments)
{
    char longest[FLR_NAME_MAX + 2];
    flr_scope *scope;
    tracer t = {.letter = 'a'};
    flr_filter *filter = make_filter(&t, 0);

    memset(longest, 'x', sizeof longest);
    longest[sizeof longest - 1] = '\0';
    ck_assert_int_eq(flr_scope_new(NULL, &scope), FLR_E_INVAL);
    ck_assert_int_eq(flr_scope_new("", &scope), FLR_E_INVAL);
    ck_assert_int_eq(flr_scope_new(longest, &scope), FLR_E_LIMIT);
    ck_assert_int_eq(flr_scope_new("x", NULL), FLR_E_INVAL);
    ck_assert_int_eq(flr_scope_new(longest + 1, &scope), 0);
    ck_assert_str_eq(flr_scope_get_name(scope), longest + 1);
    ck_assert_int_eq(flr_scope_add_data_filter(NULL, FLR_FILTER_IN, filter), FLR_E_INVAL);
    ck_assert_int_eq(flr_scope_add_data_filter(scope, FLR_FILTER_IN, NULL), FLR_E_INVAL);
    ck_assert_int_eq(flr_scope_add_result_filter(scope, 0, filter), FLR_E_INVAL);
    ck_assert_int_eq(flr_scope_add_result_filter(scope, 4, filter), FLR_E_INVAL);
    flr_scope_unref(flr_scope_ref(scope));
    flr_scope_unref(scope);
    flr_scope_unref(NULL);
    ck_assert_ptr_null(flr_scope_ref(NULL));
    flr_filter_unref(filter);
}
END_TEST

/* ---- vtables and memory ---- */

/* The struct in a heap block of exactly this size, so that a sanitizer sees who reads beyond it. */
static int new_from(size_t size, uint32_t flags, bool with_process, char tail)
{
    flr_filter_ops ops;
    flr_filter *filter = NULL;
    char *block = malloc(size);
    uint32_t declared = (uint32_t)size;
    int status;

    memset(block, tail, size);
    flr_filter_ops_init(&ops, sizeof ops);
    ops.flags = flags;
    ops.process = with_process ? trace : NULL;
    memcpy(block, &ops, size < sizeof ops ? size : sizeof ops);
    memcpy(block, &declared, sizeof declared);
    status = flr_filter_new((const flr_filter_ops *)(void *)block, NULL, &filter);
    flr_filter_unref(filter);
    free(block);
    return status;
}

START_TEST(filter_vtable)
{
    size_t size = sizeof(flr_filter_ops);
    tracer t = {.letter = 'a'};
    flr_filter *filter = make_filter(&t, 0);
    flr_filter_ops ops;

    ck_assert_int_eq(new_from(size, 0, true, 0), 0);
    ck_assert_int_eq(new_from(size, FLR_FILTER_FLAG_CONCURRENT, true, 0), 0);
    ck_assert_int_eq(new_from(size, 2, true, 0), FLR_E_INVAL);
    ck_assert_int_eq(new_from(size, 0, false, 0), FLR_E_INVAL);
    ck_assert_int_eq(new_from(size - sizeof(void *), 0, true, 0), FLR_E_ABI);
    ck_assert_int_eq(new_from(size + sizeof(void *), 0, true, 0), 0);
    ck_assert_int_eq(new_from(size + sizeof(void *), 0, true, 1), FLR_E_ABI);
    flr_filter_ops_init(&ops, sizeof ops);
    ops.process = trace;
    ck_assert_int_eq(flr_filter_new(&ops, &t, NULL), FLR_E_INVAL);
    ck_assert_int_eq(flr_filter_new(NULL, &t, &filter), FLR_E_INVAL);
    ck_assert_int_eq(flr_filter_chain_new(NULL), FLR_E_INVAL);
    ck_assert_int_eq(flr_filter_chain_add(NULL, filter), FLR_E_INVAL);
    ck_assert_int_eq(t.destroyed, 0);
    flr__filter_disown(filter);
    flr_filter_unref(filter);
    ck_assert_int_eq(t.destroyed, 0);
    flr_filter_unref(NULL);
    flr_filter_chain_unref(NULL);
    ck_assert_ptr_null(flr_filter_ref(NULL));
    ck_assert_ptr_null(flr_filter_chain_ref(NULL));
}
END_TEST

/* Everything that allocates here, once; cleans up and returns the first error. */
static int configure(void *self)
{
    flr__chains chains = {NULL, 0, 0};
    flr__scopes scopes = {NULL, 0, 0, NULL};
    flr_component_ops component;
    flr_filter_ops ops;
    flr_filter *filter = NULL;
    flr_filter_chain *chain = NULL;
    flr_scope *scope = NULL;
    int status;

    flr_component_ops_init(&component, sizeof component);
    component.name = "clip";
    flr_filter_ops_init(&ops, sizeof ops);
    ops.component = &component;
    ops.process = trace;
    status = flr_filter_new(&ops, self, &filter);
    if (status == 0)
        status = flr_filter_chain_new(&chain);
    if (status == 0)
        status = flr_filter_chain_add(chain, filter);
    if (status == 0)
        status = flr__chains_add(&chains, "train*", FLR_FILTER_OUT, chain);
    if (status == 0)
        status = flr_scope_new("public", &scope);
    if (status == 0)
        status = flr_scope_add_data_filter(scope, FLR_FILTER_OUT, filter);
    if (status == 0)
        status = flr__scopes_add(&scopes, scope);
    if (status == 0)
        status = flr__scopes_set_default(&scopes, "public");
    flr__scopes_free(&scopes);
    flr__chains_free(&chains);
    flr_scope_unref(scope);
    flr_filter_chain_unref(chain);
    flr_filter_unref(filter);
    return status;
}

START_TEST(filter_configuration_without_memory)
{
    const char *wrong;

    ck_assert_int_eq(failalloc_install(), 0);
    wrong = failalloc_sweep(configure, NULL, NULL);
    ck_assert_msg(wrong == NULL, "%s", wrong == NULL ? "" : wrong);
    ck_assert_int_eq(failalloc_uninstall(), 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("filter");
    TCase *tc = tcase_create("all");

    tcase_add_test(tc, fi_01_scope_first_then_the_job_in_order);
    tcase_add_test(tc, fi_02_direction_is_set_and_nothing_else_happens_without_filters);
    tcase_add_test(tc, fi_02_direction_is_set_before_the_first_filter);
    tcase_add_test(tc, fi_03_names_and_patterns_in_order_of_configuration);
    tcase_add_test(tc, fi_04_inout_repeats_and_unknown_directions);
    tcase_add_test(tc, fi_05_a_failing_filter_stops_the_chain);
    tcase_add_test(tc, fi_06_what_filters_change_is_not_seen_in_the_source);
    tcase_add_test(tc, fi_07_one_thread_at_a_time_unless_concurrent);
    tcase_add_test(tc, fi_07_inside_itself_a_filter_is_reentrant_unless_concurrent);
    tcase_add_test(tc, fi_08_scopes_of_a_site);
    tcase_add_test(tc, fi_08_scope_arguments);
    tcase_add_test(tc, filter_vtable);
    tcase_add_test(tc, filter_configuration_without_memory);
    suite_add_tcase(suite, tc);
    return suite_run(suite);
}
