/* SPDX-License-Identifier: MIT */
/* Frame heads: any bytes of any length are read, any head is written. */
#include "arbitrary.h"

#include "protocol/frame.h"

void prove(void)
{
    for (size_t len = 0; len <= 16; len++) {
        uint8_t *const data = arbitrary_bytes(len);
        weir_frame_head head;
        const int used = weir__frame_head_read(data, len, &head);
        assert(used <= (int)len);
        if (used > 0) {
            uint8_t out[WEIR_FRAME_HEAD_MAX];
            const size_t written = weir__frame_head_write(&head, out);
            assert(written <= sizeof out);
        }
        free(data);
    }
}
