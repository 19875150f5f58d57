/* Workflows: the vtables of a controller and a communicator with their selves. The reference count is atomic; the rest is constant once added. */
#include "runner/workflow.h"
#include "base/abi.h"
#include "base/turnstile.h"
#include <string.h>

/* Keeps a component vtable until the workflow gets its id; destroy stays with the workflow. */
static int keep_component(const flr_component_ops *ops, enum flr__component_kind kind, void *self,
                          flr__component **out, void (**destroy)(void *self))
{
    flr__component *c;
    int status = flr__component_new("?", kind, ops, self, &c);
    if (status < 0)
        return status;
    *destroy = c->ops.destroy;
    c->ops.destroy = NULL;
    *out = c;
    return 0;
}

static int import_ops(flr_workflow *w, const flr_controller_ops *controller,
                      const flr_communicator_ops *communicator, const char **missing)
{
    int status = flr__abi_import(&w->controller, sizeof w->controller, controller,
                                 sizeof w->controller, FLR_CONTROLLER_FLAG_CONCURRENT);
    *missing = "controller";
    if (status < 0)
        return status;
    *missing = "control_flow or step";
    if (w->controller.control_flow == NULL && w->controller.step == NULL)
        return FLR_E_INVAL;
    *missing = "communicator";
    status = flr__abi_import(&w->communicator, sizeof w->communicator, communicator,
                             sizeof w->communicator, FLR_COMMUNICATOR_FLAG_CONCURRENT);
    if (status < 0)
        return status;
    *missing = "process_task_request";
    if (w->communicator.process_task_request == NULL)
        return FLR_E_INVAL;
    *missing = "process_submission";
    return w->communicator.process_submission == NULL ? FLR_E_INVAL : 0;
}

static int make_turnstile(bool concurrent, flr__turnstile **out)
{
    if (concurrent)
        return 0;
    flr__turnstile *t = flr__zalloc(sizeof *t);
    if (t == NULL || flr__turnstile_init(t) < 0) {
        flr__free(t);
        return FLR_E_NOMEM;
    }
    *out = t;
    return 0;
}

static void free_turnstile(flr__turnstile *t)
{
    if (t == NULL)
        return;
    flr__turnstile_destroy(t);
    flr__free(t);
}

static void workflow_free(flr_workflow *w)
{
    if (w->destroy_controller != NULL)
        w->destroy_controller(w->controller_self);
    if (w->destroy_communicator != NULL)
        w->destroy_communicator(w->communicator_self);
    if (w->controller_component != NULL)
        flr__component_free(w->controller_component, false);
    if (w->communicator_component != NULL)
        flr__component_free(w->communicator_component, false);
    free_turnstile(w->communicator_turn);
    free_turnstile(w->unknown_turn);
    flr_value_unref(w->id_value);
    flr__str_unref(w->id);
    flr__free(w);
}

int flr__workflow_new(const flr_controller_ops *controller, void *controller_self,
                      const flr_communicator_ops *communicator, void *communicator_self,
                      void *board, const char **missing, flr_workflow **workflow)
{
    const char *what = NULL;
    flr_workflow *w = flr__zalloc(sizeof *w);
    if (w == NULL)
        return FLR_E_NOMEM;
    atomic_init(&w->refs, 1);
    int status = import_ops(w, controller, communicator, &what);
    w->controller_self = controller_self;
    w->communicator_self = communicator_self;
    w->board = board;
    if (status == 0)
        status = keep_component(w->controller.component, FLR__CONTROLLER, controller_self,
                                &w->controller_component, &w->destroy_controller);
    if (status == 0)
        status = keep_component(w->communicator.component, FLR__COMMUNICATOR, communicator_self,
                                &w->communicator_component, &w->destroy_communicator);
    if (status == 0)
        status = make_turnstile((w->communicator.flags & FLR_COMMUNICATOR_FLAG_CONCURRENT) != 0,
                                &w->communicator_turn);
    if (status == 0)
        status = make_turnstile((w->controller.flags & FLR_CONTROLLER_FLAG_CONCURRENT) != 0,
                                &w->unknown_turn);
    if (status < 0) {
        if (missing != NULL)
            *missing = what;
        w->destroy_controller = w->destroy_communicator = NULL; /* the selves stay the caller's */
        workflow_free(w);
        return status;
    }
    *workflow = w;
    return 0;
}

static void give_id(flr__component *c, const flr__str *id)
{
    if (flr__str_equals(c->name, c->id)) { /* the id stands in for a name */
        flr__str_unref(c->name);
        c->name = flr__str_ref(id);
    }
    flr__str_unref(c->id);
    c->id = flr__str_ref(id);
}

int flr__workflow_name(flr_workflow *w, const char *id)
{
    if (atomic_load(&w->added))
        return FLR_E_STATE;
    const flr__str *name = flr__str_new(id, strlen(id));
    flr_value *value = NULL;
    if (name == NULL || flr__value_new_str(name, &value) < 0) {
        flr__str_unref(name);
        return FLR_E_NOMEM;
    }
    flr_value_unref(w->id_value);
    flr__str_unref(w->id);
    w->id = name;
    w->id_value = value;
    give_id(w->controller_component, name);
    give_id(w->communicator_component, name);
    return 0;
}

flr_workflow *flr_workflow_ref(flr_workflow *workflow)
{
    if (workflow != NULL)
        atomic_fetch_add_explicit(&workflow->refs, 1, memory_order_relaxed);
    return workflow;
}

void flr_workflow_unref(flr_workflow *workflow)
{
    if (workflow != NULL &&
        atomic_fetch_sub_explicit(&workflow->refs, 1, memory_order_acq_rel) == 1)
        workflow_free(workflow);
}
