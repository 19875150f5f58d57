#include "reliable/reliable.h"
__attribute__((weak)) int flr__reliable_new(flr__site *s, size_t w, int64_t i){(void)s,(void)w,(void)i;return 0;}
__attribute__((weak)) void flr__reliable_free(flr__site *s){(void)s;}
__attribute__((weak)) int flr__reliable_enable(flr__site *s, bool b){(void)s,(void)b;return 0;}
__attribute__((weak)) void flr__reliable_close(flr__site *s){(void)s;}
__attribute__((weak)) int64_t flr__reliable_due(flr__site *s){(void)s;return FLR_TIME_NONE;}
__attribute__((weak)) void flr__reliable_advance(flr__site *s,int64_t n){(void)s,(void)n;}
__attribute__((weak)) bool flr__reliable_step(flr__site *s){(void)s;return false;}
