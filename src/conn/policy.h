/* SPDX-License-Identifier: MIT */
/* weir_config: defaults, options by number, checks. */
#ifndef WEIR_CONN_POLICY_H
#define WEIR_CONN_POLICY_H

#include <weir/config.h>

void weir__policy_init(weir_config *config);
void weir__policy_init_tiny(weir_config *config);

/* WEIR_OK or WEIR_E_OPTION. */
int weir__policy_set(weir_config *config, int option, uint64_t value);
int weir__policy_set_text(weir_config *config, int option, weir_text text);
int weir__policy_get(const weir_config *config, int option, uint64_t *value);

/* Every number in its range, and none against another: WEIR_OK or WEIR_E_CONFIG. */
int weir__policy_check(const weir_config *config);

/* Whether a config that is valid stays so with another number: also WEIR_E_OPTION. */
int weir__policy_check_set(const weir_config *config, int option, uint64_t value);

/* Whether the option may differ from one connection of a context to another. */
bool weir__policy_is_per_conn(int option);

/* The four list texts, for copying; index 0 to 3. */
weir_text *weir__policy_list(weir_config *config, size_t index);
#define WEIR__POLICY_LISTS 4u

#endif
