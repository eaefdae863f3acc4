/* SPDX-License-Identifier: MIT */
/* Timers against a plain list. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "../../src/base/wheel.h"
#include "../support/guard.h"

#define TIMERS 300

/* The model: which timers are set is all it knows. */
typedef struct rig {
    weir__wheel wheel;
    weir__timer timers[TIMERS];
    bool set[TIMERS];
    uint64_t random;
} rig;

static uint64_t draw(rig *model)
{
    model->random ^= model->random << 13;
    model->random ^= model->random >> 7;
    model->random ^= model->random << 17;
    return model->random;
}

/* Spread over all orders of magnitude. */
static uint64_t draw_span(rig *model)
{
    return draw(model) >> (24 + draw(model) % 40);
}

static void model_init(rig *model, uint64_t now)
{
    memset(model, 0, sizeof *model);
    model->random = 88172645463325252u;
    memset(&model->wheel, 0xA5, sizeof model->wheel);
    weir__wheel_init(&model->wheel);
    assert_true(model->wheel.now == 0);
    assert_true(weir__wheel_next(&model->wheel) == UINT64_MAX);
    weir__node expired;
    weir__list_init(&expired);
    weir__wheel_advance(&model->wheel, now, &expired);
    assert_true(weir__list_empty(&expired));
}

static void model_add(rig *model, size_t index, uint64_t due)
{
    model->timers[index].due = due;
    model->set[index] = true;
    weir__wheel_add(&model->wheel, &model->timers[index]);
}

static uint64_t model_earliest(const rig *model)
{
    uint64_t earliest = UINT64_MAX;
    for (size_t i = 0; i < TIMERS; i++) {
        if (model->set[i] && model->timers[i].due < earliest)
            earliest = model->timers[i].due;
    }
    return earliest;
}

static bool model_empty(const rig *model)
{
    for (size_t i = 0; i < TIMERS; i++) {
        if (model->set[i])
            return false;
    }
    return true;
}

static void model_advance(rig *model, uint64_t now)
{
    weir__node expired;
    weir__list_init(&expired);
    weir__wheel_advance(&model->wheel, now, &expired);
    while (!weir__list_empty(&expired)) {
        weir__timer *timer = (weir__timer *)(void *)expired.next;
        weir__list_remove(&timer->node);
        assert_null(timer->node.next);
        size_t index = (size_t)(timer - model->timers);
        assert_true(model->set[index]);
        assert_true(timer->due <= now);
        model->set[index] = false;
    }
    for (size_t i = 0; i < TIMERS; i++)
        assert_true(!model->set[i] || model->timers[i].due > now);
}

static void model_check_next(const rig *model)
{
    uint64_t next = weir__wheel_next(&model->wheel);
    if (model_empty(model)) {
        assert_true(next == UINT64_MAX);
        return;
    }
    uint64_t earliest = model_earliest(model);
    uint64_t bound = earliest > model->wheel.now ? earliest : model->wheel.now;
    assert_true(next <= bound);
    assert_true(next >= model->wheel.now);
    if (bound >> 5 == model->wheel.now >> 5)
        assert_true(next == bound);
}

static void model_step(rig *model)
{
    size_t index = draw(model) % TIMERS;
    uint64_t now = model->wheel.now;
    switch (draw(model) % 8) {
    case 0:
        model_advance(model, now + draw_span(model) % ((uint64_t)1 << (draw(model) % 38)));
        return;
    case 1:
        model_advance(model, weir__wheel_next(&model->wheel) == UINT64_MAX
                                 ? now
                                 : weir__wheel_next(&model->wheel));
        return;
    default:
        break;
    }
    if (model->set[index]) {
        weir__wheel_remove(&model->wheel, &model->timers[index]);
        assert_null(model->timers[index].node.next);
        model->set[index] = false;
        return;
    }
    uint64_t span = draw_span(model);
    bool past = draw(model) % 8 == 0;
    model_add(model, index, past && span < now ? now - span : now + span);
}

static void init__writes_the_wheel_and_nothing_behind_it(void **state)
{
    (void)state;
    const guarded room = guard();
    assert_true(sizeof(weir__wheel) <= (size_t)(room.end - room.start));
    weir__wheel *const wheel = (weir__wheel *)(void *)(room.end - sizeof *wheel);
    weir__wheel_init(wheel);
    assert_true(weir__wheel_next(wheel) == UINT64_MAX);
    unguard(room);
}

static void random_use__equals_the_model(void **state)
{
    (void)state;
    static const uint64_t starts[] = {0, 31, 1700000000000, ((uint64_t)1 << 40) - 3};
    for (size_t i = 0; i < sizeof starts / sizeof *starts; i++) {
        static rig model;
        model_init(&model, starts[i]);
        model.random += i;
        for (size_t step = 0; step < 20000; step++) {
            model_step(&model);
            model_check_next(&model);
        }
        model_advance(&model, UINT64_MAX);
        assert_true(model_empty(&model));
        assert_true(weir__wheel_next(&model.wheel) == UINT64_MAX);
    }
}

static void advancing_to_next__meets_each_due_exactly_in_few_steps(void **state)
{
    (void)state;
    static rig model;
    model_init(&model, 123456789);
    for (size_t turn = 0; turn < 20000; turn++) {
        uint64_t due = model.wheel.now + 1 + draw(&model) % ((uint64_t)1 << (1 + turn % 29));
        model_add(&model, 0, due);
        size_t steps = 0;
        while (model.set[0]) {
            model_advance(&model, weir__wheel_next(&model.wheel));
            steps++;
        }
        assert_true(model.wheel.now == due);
        assert_in_range(steps, 1, WEIR__WHEEL_LEVELS);
    }
}

static void deadline_beyond_the_last_level__is_met_exactly(void **state)
{
    (void)state;
    static rig model;
    model_init(&model, 1000);
    const uint64_t due = 1000 + ((uint64_t)400 * 24 * 3600 * 1000);
    model_add(&model, 0, due);
    size_t steps = 0;
    while (model.set[0]) {
        model_advance(&model, weir__wheel_next(&model.wheel));
        steps++;
    }
    assert_true(model.wheel.now == due);
    assert_in_range(steps, 1, 100);
}

static void huge_jump__expires_what_is_due_and_keeps_the_rest(void **state)
{
    (void)state;
    static rig model;
    model_init(&model, 7);
    for (size_t i = 0; i < 60; i++)
        model_add(&model, i, (uint64_t)1 << i);
    model_add(&model, 60, UINT64_MAX);
    model_advance(&model, ((uint64_t)1 << 45) + 1);
    for (size_t i = 0; i <= 60; i++)
        assert_int_equal(model.set[i], i > 45);
    model_check_next(&model);
    model_advance(&model, UINT64_MAX - 1);
    assert_true(model.set[60]);
    model_advance(&model, UINT64_MAX);
    assert_true(model_empty(&model));
}

static void due_time_that_has_passed__expires_without_time_moving(void **state)
{
    (void)state;
    static rig model;
    model_init(&model, 5000);
    model_add(&model, 0, 4000);
    model_add(&model, 1, 5000);
    assert_true(weir__wheel_next(&model.wheel) == 5000);
    model_advance(&model, 5000);
    assert_true(model_empty(&model));
}

static void time_moving_back__changes_nothing(void **state)
{
    (void)state;
    static rig model;
    model_init(&model, 5000);
    model_add(&model, 0, 5001);
    model_advance(&model, 10);
    assert_true(model.wheel.now == 5000);
    assert_true(model.set[0]);
    model_add(&model, 1, 3000);
    weir__node expired;
    weir__list_init(&expired);
    weir__wheel_advance(&model.wheel, 10, &expired);
    assert_ptr_equal(expired.next, &model.timers[1].node);
}

static void timers_of_the_lowest_level__expire_in_order(void **state)
{
    (void)state;
    static rig model;
    model_init(&model, 64);
    for (size_t i = 0; i < 31; i++)
        model_add(&model, i, 65 + (i * 7) % 31);
    model_add(&model, 31, 2000);
    model_add(&model, 32, 100);
    weir__node expired;
    weir__list_init(&expired);
    weir__wheel_advance(&model.wheel, 5000, &expired);
    uint64_t last = 0;
    size_t count = 0;
    for (weir__node *node = expired.next; node != &expired; node = node->next) {
        weir__timer *timer = (weir__timer *)(void *)node;
        assert_true(timer->due >= last);
        last = timer->due;
        count++;
    }
    assert_int_equal(count, 33);
}

static void timer_in_another_list_or_nowhere__can_be_removed(void **state)
{
    (void)state;
    static rig model;
    model_init(&model, 0);
    model_add(&model, 0, 10);
    model_add(&model, 1, 500);
    weir__node expired;
    weir__list_init(&expired);
    weir__wheel_advance(&model.wheel, 10, &expired);
    weir__wheel_remove(&model.wheel, &model.timers[0]);
    weir__wheel_remove(&model.wheel, &model.timers[0]);
    assert_true(weir__list_empty(&expired));
    assert_true(weir__wheel_next(&model.wheel) <= 500);
    weir__wheel_remove(&model.wheel, &model.timers[1]);
    assert_true(weir__wheel_next(&model.wheel) == UINT64_MAX);
}

static void list_directly_behind_the_wheel__is_none_of_its_slots(void **state)
{
    (void)state;
    struct {
        weir__wheel wheel;
        weir__node list;
    } owner;
    weir__timer timers[2] = {{{NULL, NULL}, 5}, {{NULL, NULL}, 0}};
    weir__wheel_init(&owner.wheel);
    weir__list_init(&owner.list);
    weir__wheel_add(&owner.wheel, &timers[0]);
    weir__list_append(&owner.list, &timers[1].node);
    weir__wheel_remove(&owner.wheel, &timers[1]);
    assert_true(weir__list_empty(&owner.list));
    assert_true(weir__wheel_next(&owner.wheel) == 5);
}

static void list__appends_at_the_end_and_removes_anywhere(void **state)
{
    (void)state;
    weir__node head;
    weir__node nodes[3] = {{NULL, NULL}, {NULL, NULL}, {NULL, NULL}};
    weir__list_init(&head);
    assert_true(weir__list_empty(&head));
    weir__list_remove(&nodes[0]);
    for (size_t i = 0; i < 3; i++)
        weir__list_append(&head, &nodes[i]);
    assert_ptr_equal(head.next, &nodes[0]);
    assert_ptr_equal(head.prev, &nodes[2]);
    weir__list_remove(&nodes[1]);
    assert_ptr_equal(nodes[0].next, &nodes[2]);
    assert_ptr_equal(nodes[2].prev, &nodes[0]);
    weir__list_remove(&nodes[0]);
    weir__list_remove(&nodes[2]);
    assert_true(weir__list_empty(&head));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(init__writes_the_wheel_and_nothing_behind_it),
        cmocka_unit_test(random_use__equals_the_model),
        cmocka_unit_test(advancing_to_next__meets_each_due_exactly_in_few_steps),
        cmocka_unit_test(deadline_beyond_the_last_level__is_met_exactly),
        cmocka_unit_test(huge_jump__expires_what_is_due_and_keeps_the_rest),
        cmocka_unit_test(due_time_that_has_passed__expires_without_time_moving),
        cmocka_unit_test(time_moving_back__changes_nothing),
        cmocka_unit_test(timers_of_the_lowest_level__expire_in_order),
        cmocka_unit_test(timer_in_another_list_or_nowhere__can_be_removed),
        cmocka_unit_test(list_directly_behind_the_wheel__is_none_of_its_slots),
        cmocka_unit_test(list__appends_at_the_end_and_removes_anywhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
