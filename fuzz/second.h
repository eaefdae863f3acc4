/* SPDX-License-Identifier: MIT */
/* Parsers of other hands beside ours: wslay for frames, http-parser for heads. Each may be missing;
 * then there is nothing to compare with. */
#ifndef WEIR_FUZZ_SECOND_H
#define WEIR_FUZZ_SECOND_H

#include "conn_stream.h"

/* Compare what a run received (messages, report) with what wslay receives from the same frames.
 * Only for default limits and whole messages, without compression. */
void second_frames(const stream_run *run, int role, const uint8_t *data, size_t len);

/* Compare what a run made of a head (fields, report) with what http-parser makes of it. */
void second_head(const stream_run *run, int is_request, const uint8_t *data, size_t len);

/* Compare what weir_url_parse says with what http-parser says; status: its result. */
void second_url(const char *text, size_t len, int status, const weir_url *url);

#endif
