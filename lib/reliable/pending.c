#include "reliable/reliable.h"
__attribute__((weak)) int flr__reliable_new(flr__site *s, size_t w, int64_t i){(void)s,(void)w,(void)i;return 0;}
__attribute__((weak)) void flr__reliable_free(flr__site *s){(void)s;}
__attribute__((weak)) int flr__reliable_enable(flr__site *s, bool b){(void)s,(void)b;return 0;}
__attribute__((weak)) void flr__reliable_close(flr__site *s){(void)s;}
__attribute__((weak)) int64_t flr__reliable_due(flr__site *s){(void)s;return FLR_TIME_NONE;}
__attribute__((weak)) void flr__reliable_advance(flr__site *s,int64_t n){(void)s,(void)n;}
__attribute__((weak)) bool flr__reliable_step(flr__site *s){(void)s;return false;}
__attribute__((weak)) int flr_context_register_reliable(flr_context *c, const char *t, flr_reliable_handler h, void *s){(void)c,(void)t,(void)h,(void)s;return FLR_E_NOTSUP;}
__attribute__((weak)) int flr_context_send_reliable(flr_context *c, const char *g, const char *t, const flr_shareable *r, const flr_reliable_options *o, flr_signal *a, flr_reliable_done d, void *s){(void)c,(void)g,(void)t,(void)r,(void)o,(void)a,(void)d,(void)s;return FLR_E_NOTSUP;}
__attribute__((weak)) void flr_reliable_options_init(flr_reliable_options *o, size_t s){(void)o,(void)s;}
