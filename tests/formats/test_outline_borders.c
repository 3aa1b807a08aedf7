/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "formats/outline_borders.h"

#include <stdlib.h>

#include "base/fault.h"
#include "support/test.h"

static struct outline_shape shape(const char *path, int grid_bits)
{
    return (struct outline_shape){ path, path != NULL ? strlen(path) : 0, grid_bits };
}

/* Three squares in a row, and one that touches the first at a corner: one point in common is no border. */
static void test_squares(void **state)
{
    (void) state;
    const struct outline_shape shapes[] = {
        shape("M10 10l10 0 0 10-10 0z", 20),
        shape("M30 10l-10 0 0 10h10z", 20),
        shape(NULL, 20),
        shape("M30 10v10h10v-10zM100 100l5 0 0 5z", 20),
        shape("M0 0h10v10h-10z", 20),
        shape("M30 10v10h10v-10z", 21), /* of another grid */
    };
    struct outline_border *borders;
    size_t                 num;
    uint32_t               fault;
    assert_ok(outline_borders(shapes, 6, &borders, &num, &fault));
    assert_int_equal(num, 2);
    assert_int_equal(borders[0].a, 0);
    assert_int_equal(borders[0].b, 1);
    assert_int_equal(borders[1].a, 1);
    assert_int_equal(borders[1].b, 3);
    free(borders);
}

static void test_decimals_and_nothing(void **state)
{
    (void) state;
    const struct outline_shape shapes[] = { shape("M1.5 2l.5 1-1 1z", 20), shape("M2 3l-.5-1 9 9z", 20) };
    struct outline_border     *borders;
    size_t                     num;
    uint32_t                   fault;
    assert_ok(outline_borders(shapes, 2, &borders, &num, &fault));
    assert_int_equal(num, 1);
    free(borders);
    assert_ok(outline_borders(shapes, 0, &borders, &num, &fault));
    assert_int_equal(num, 0);
    free(borders);
}

static void test_no_path(void **state)
{
    (void) state;
    const char *const wrong[] = { "M10", "M10 a", "q1 2", "M1 2l", "M1 2l3", "M--1 2", "M1 99999999999999" };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        const struct outline_shape shapes[] = { shape("M0 0h1v1z", 20), shape(wrong[i], 20) };
        struct outline_border     *borders;
        size_t                     num;
        uint32_t                   fault = 7;
        assert_status(outline_borders(shapes, 2, &borders, &num, &fault), BASE_ERR_INPUT);
        assert_int_equal(fault, 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_squares),
        cmocka_unit_test(test_decimals_and_nothing),
        cmocka_unit_test(test_no_path),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
