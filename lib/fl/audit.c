/*
 * Audit lines: rows ST-07 and ST-08. A record lives on the stack of the call that makes it, so
 * nothing is guarded.
 */
#include "fl/props.h"

#include "base/abi.h"
#include "base/text.h"
#include <flrunner/stats.h>
#include <string.h>

struct flr_audit_record {
    const char *line, *id, *reference, *scope, *job, *task_name, *task_id, *message;
    int64_t time;
};

/* A part within brackets: what could end it, or the line, is replaced. */
static void add_part(flr__text *line, const char *before, const char *part, const char *after)
{
    size_t from, size = strnlen(part, FLR_NAME_MAX);

    flr__text_add(line, before);
    from = line->size;
    flr__text_add_sized(line, part, size);
    for (size_t i = from; line->status == 0 && i < line->size; i++) {
        unsigned char c = (unsigned char)line->data[i];

        if (c < 0x20 || c == 0x7f || c == '[' || c == ']') {
            line->data[i] = '?';
        }
    }
    flr__text_add(line, after);
}

static void add_message(flr__text *line, const char *message)
{
    size_t from = line->size;

    flr__text_add(line, message);
    for (size_t i = from; line->status == 0 && i < line->size; i++) {
        if ((unsigned char)line->data[i] < 0x20 || line->data[i] == 0x7f) {
            line->data[i] = ' ';
        }
    }
}

static int make_line(flr__text *line, const flr_audit_record *r)
{
    char time[32];

    flr__time_print(r->time, time);
    add_part(line, "[E:", r->id, "]");
    if (r->reference[0] != '\0') {
        add_part(line, "[R:", r->reference, "]");
    }
    add_part(line, "[T:", time, "]");
    add_part(line, "[S:", r->scope, "]");
    add_part(line, "[J:", r->job, "]");
    add_part(line, "[A:", r->task_name, "#");
    add_part(line, "", r->task_id, "]");
    add_message(line, r->message);
    if (line->status == 0) {
        flr__utf8_clean(line->data);
    }
    return line->status;
}

static const char *or_unknown(const char *text)
{
    return text == NULL || text[0] == '\0' ? "?" : text;
}

static int write_record(flr_context *context, const flr_audit_record *record)
{
    flr__site *site = context->site;
    flr__host_frame frame;
    char text[FLR__DETAIL_MAX + 64];
    int status;

    flr__host_enter(&frame, FLR__HOST_ENGINE, site, site->engine_self);
    status = flr__callback_status(site->engine.audit(site->engine_self, record));
    flr__host_leave(&frame);
    if (status < 0) {
        if (site->count != NULL) {
            site->count(site, offsetof(flr_stats, engine_failures));
        }
        flr__status_describe(site, status, NULL, text, sizeof text);
        flr_context_log(context, FLR_LOG_ERROR, "audit failed: %s", text);
    }
    return status;
}

int flr_context_audit(flr_context *context, const char *reference, const char *message, char *id)
{
    flr_audit_record record;
    flr__text line = FLR__TEXT_INIT;
    flr_value *scope;
    char text[FLR__ID_TEXT];
    int status;

    if (context == NULL || id == NULL) {
        return context == NULL ? FLR_E_INVAL : flr__context_refuse(context, FLR_E_INVAL, "id");
    }
    id[0] = '\0';
    if (message == NULL || message[0] == '\0') {
        return flr__context_refuse(context, FLR_E_INVAL, "message");
    }
    if (context->site == NULL) {
        return flr_context_fail(context, FLR_E_STATE, "context: it has no engine");
    }
    if (context->site->engine.audit == NULL) {
        return 0;
    }
    scope = flr__context_find(context, FLR__S_EFFECTIVE_JOB_SCOPE_NAME);
    flr__site_new_id(context->site, text);
    record.id = text;
    record.reference = reference == NULL ? "" : reference;
    record.scope = or_unknown(flr_value_get_text(scope, NULL));
    record.job = or_unknown(flr_context_get_job_id(context));
    record.task_name = or_unknown(flr_context_get_task_name(context));
    record.task_id = or_unknown(flr_context_get_task_id(context));
    record.message = message;
    record.time = flr_clock_get_calendar(context->site->clock);
    status = make_line(&line, &record);
    if (status == 0) {
        record.line = line.data;
        if (write_record(context, &record) == 0) {
            memcpy(id, text, sizeof text);
        }
    }
    flr__text_free(&line);
    flr_value_unref(scope);
    return status;
}

/* ---- what the engine sees ---- */

const char *flr_audit_record_get_line(const flr_audit_record *record)
{
    return record == NULL ? "" : record->line;
}

const char *flr_audit_record_get_id(const flr_audit_record *record)
{
    return record == NULL ? "" : record->id;
}

const char *flr_audit_record_get_reference(const flr_audit_record *record)
{
    return record == NULL ? "" : record->reference;
}

const char *flr_audit_record_get_scope(const flr_audit_record *record)
{
    return record == NULL ? "" : record->scope;
}

const char *flr_audit_record_get_job(const flr_audit_record *record)
{
    return record == NULL ? "" : record->job;
}

const char *flr_audit_record_get_task_name(const flr_audit_record *record)
{
    return record == NULL ? "" : record->task_name;
}

const char *flr_audit_record_get_task_id(const flr_audit_record *record)
{
    return record == NULL ? "" : record->task_id;
}

const char *flr_audit_record_get_message(const flr_audit_record *record)
{
    return record == NULL ? "" : record->message;
}

int64_t flr_audit_record_get_time(const flr_audit_record *record)
{
    return record == NULL ? 0 : record->time;
}
