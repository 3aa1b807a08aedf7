/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/fault.h"
#include "base/json_reader.h"
#include "base/logic.h"
#include "support/property.h"
#include "support/test.h"

static struct value_tree    expression, data, other;
static struct arena         arena;
static struct logic_machine machine;
static struct logic_fault   fault;

static const struct value *read_json(struct value_tree *tree, const char *text)
{
    struct json_fault why;
    if (json_read(text, strlen(text), NULL, tree, &why) != 0)
        fail_msg("%s: byte %zu: %s", text, why.byte, why.found);
    return tree->values;
}

static const struct logic_program *compile(const struct value *source)
{
    const struct logic_program *program = NULL;
    arena_free(&arena);
    if (logic_compile(source, NULL, &arena, &program, &fault) != 0)
        fail_msg("%s: %s", fault.path, fault.found);
    return program;
}

static bool same(const struct logic_value *value, const struct value *expected);

static bool same_tree(const struct value *a, const struct value *b)
{
    struct logic_value value = { .kind = LOGIC_TREE, .tree = a };
    return a->kind == b->kind && same(&value, b);
}

static bool same_child(const struct value *a, const struct value *b)
{
    if (a->kind == VALUE_ARRAY || a->kind == VALUE_OBJECT)
        return same_tree(a, b);
    return a->kind == b->kind &&
           (a->kind < VALUE_INTEGER || (a->kind == VALUE_INTEGER && a->integer == b->integer) ||
            (a->kind == VALUE_TEXT && a->length == b->length && memcmp(a->text, b->text, a->length) == 0));
}

static bool same(const struct logic_value *value, const struct value *expected)
{
    size_t index = 0;
    bool   equal = true;
    switch ((enum logic_kind) value->kind) {
    case LOGIC_NULL: return expected->kind == VALUE_NULL;
    case LOGIC_FALSE: return expected->kind == VALUE_FALSE;
    case LOGIC_TRUE: return expected->kind == VALUE_TRUE;
    case LOGIC_INTEGER: return expected->kind == VALUE_INTEGER && expected->integer == value->integer;
    case LOGIC_NUMBER: return expected->kind == VALUE_NUMBER && expected->number == value->number;
    case LOGIC_TEXT:
        return expected->kind == VALUE_TEXT && expected->length == value->length &&
               memcmp(expected->text, value->text, value->length) == 0;
    case LOGIC_LIST:
        if (expected->kind != VALUE_ARRAY || expected->count != value->length)
            return false;
        for (VALUE_EACH(child, expected))
            equal = equal && same(&value->elements[index++], child);
        return equal;
    case LOGIC_TREE:
        if (expected->kind != value->tree->kind || expected->count != value->tree->count)
            return false;
        for (VALUE_EACH(child, expected))
            equal = equal && same_child(value_at(value->tree, index++), child);
        for (VALUE_EACH_PAIR(key, expected)) {
            const struct value *inner = value_get_of(value->tree, key->text, key->length);
            equal = equal && inner != NULL && same_child(inner, key + 1);
        }
        return equal;
    case LOGIC_DATE:
    case LOGIC_FRAME: break;
    }
    return false;
}

static void assert_value(const char *source, const char *facts, const char *expected)
{
    struct logic_value          result;
    const struct value         *whole = read_json(&data, facts);
    const struct logic_program *program = compile(read_json(&expression, source));
    if (logic_evaluate(program, &whole, &machine, &result) != 0)
        fail_msg("%s of %s: %s", source, facts, machine.error);
    if (!same(&result, read_json(&other, expected)))
        fail_msg("%s of %s is not %s but of kind %d", source, facts, expected, result.kind);
}

static void assert_error(const char *source, const char *facts, const char *error)
{
    struct logic_value          result = { .kind = 77 };
    const struct value         *whole = read_json(&data, facts);
    const struct logic_program *program = compile(read_json(&expression, source));
    assert_status(logic_evaluate(program, &whole, &machine, &result), BASE_ERR_INPUT);
    assert_string_equal(machine.error, error);
    assert_non_null(machine.error_at);
    assert_int_equal(result.kind, 77);
}

static void test_literals_and_arrays(void **state)
{
    (void) state;
    assert_value("true", "{}", "true");
    assert_value("17", "{}", "17");
    assert_value("\"a\"", "{}", "\"a\"");
    assert_value("[1,\"a\",[true]]", "{}", "[1,\"a\",[true]]");
    assert_value("[1,{\"var\":\"x\"},[{\"var\":\"y\"}]]", "{\"x\":2}", "[1,2,[null]]");
    assert_value("42.0", "{}", "42");
}

static void test_var(void **state)
{
    (void) state;
    assert_value("{\"var\":\"\"}", "{\"a\":[1]}", "{\"a\":[1]}");
    assert_value("{\"var\":\"a.0.b\"}", "{\"a\":[{\"b\":7}]}", "7");
    assert_value("{\"var\":\"a.0.b\"}", "{\"a\":{\"0\":{\"b\":7}}}", "7");
    assert_value("{\"var\":\"a.1x\"}", "{\"a\":[1,2]}", "2");
    assert_value("{\"var\":\"a.01\"}", "{\"a\":[5,6]}", "6");
    assert_value("{\"var\":\"2a\"}", "{\"2a\":1,\"2\":9}", "9");
    assert_value("{\"var\":\"a.9\"}", "{\"a\":[1]}", "null");
    assert_value("{\"var\":\"a.99999999999999999999\"}", "{\"a\":[1]}", "null");
    assert_value("{\"var\":\"a.b.c\"}", "{\"a\":1}", "null");
    assert_value("{\"var\":\"a.-1\"}", "{\"a\":[1]}", "null");
    assert_value("{\"var\":\"x\"}", "null", "null");
    assert_value("{\"var\":\"x\"}", "{\"x\":1.5}", "1.5");
    assert_value("{\"var\":\"x\"}", "{\"x\":3.0}", "3");
}

/* What is neither truthy nor falsy, a date, is an error in if, and, !. */
static void test_truth(void **state)
{
    (void) state;
    const char *choose = "{\"if\":[{\"var\":\"x\"},1,2]}";
    assert_value(choose, "{\"x\":true}", "1");
    assert_value(choose, "{\"x\":\"0\"}", "1");
    assert_value(choose, "{\"x\":-1}", "1");
    assert_value(choose, "{\"x\":[0]}", "1");
    assert_value(choose, "{\"x\":{\"a\":0}}", "1");
    assert_value(choose, "{\"x\":0.5}", "1");
    assert_value(choose, "{\"x\":false}", "2");
    assert_value(choose, "{\"x\":\"\"}", "2");
    assert_value(choose, "{\"x\":0}", "2");
    assert_value(choose, "{\"x\":0.0}", "2");
    assert_value(choose, "{\"x\":[]}", "2");
    assert_value(choose, "{\"x\":{}}", "2");
    assert_value(choose, "{\"x\":null}", "2");
    assert_value(choose, "{}", "2");
    assert_error("{\"if\":[{\"plusTime\":[\"2021-01-01\",0,\"day\"]},1,2]}", "{}",
                 "if-guard evaluates to something neither truthy, nor falsy");
    assert_error("{\"!\":[{\"plusTime\":[\"2021-01-01\",0,\"day\"]}]}", "{}",
                 "operand of ! evaluates to something neither truthy, nor falsy");
    assert_error("{\"and\":[true,{\"plusTime\":[\"2021-01-01\",0,\"day\"]}]}", "{}",
                 "all operands of an \"and\" operation must be either truthy or falsy");
}

static void test_and_is_lazy(void **state)
{
    (void) state;
    assert_value("{\"and\":[{\"var\":\"x\"},{\"<\":[\"a\",1]}]}", "{\"x\":0}", "0");
    assert_value("{\"and\":[true,{\"var\":\"x\"},{\"<\":[\"a\",1]}]}", "{}", "null");
    assert_value("{\"and\":[1,\"a\",[3]]}", "{}", "[3]");
    assert_error("{\"and\":[1,{\"<\":[\"a\",1]}]}", "{}",
                 "all operands of a comparison operation must be of integer type");
    assert_value("{\"if\":[true,1,{\"<\":[\"a\",1]}]}", "{}", "1");
}

static void test_equality(void **state)
{
    (void) state;
    assert_value("{\"===\":[{\"var\":\"a\"},1]}", "{\"a\":1.0}", "true");
    assert_value("{\"===\":[0,\"0\"]}", "{}", "false");
    assert_value("{\"===\":[{\"var\":\"a\"},{\"var\":\"b\"}]}", "{}", "true");
    assert_value("{\"===\":[{\"var\":\"a\"},{\"var\":\"b\"}]}", "{\"a\":[1],\"b\":[1]}", "false");
    assert_value("{\"===\":[{\"var\":\"a\"},{\"var\":\"a\"}]}", "{\"a\":[1]}", "true");
    assert_value("{\"===\":[[],[]]}", "{}", "false");
    assert_value("{\"===\":[{\"plusTime\":[\"2021\",0,\"day\"]},{\"plusTime\":[\"2021\",0,\"day\"]}]}", "{}", "false");
    assert_value("{\"in\":[{\"var\":\"x\"},[{\"var\":\"x\"}]]}", "{}", "true");
    assert_value("{\"in\":[{\"var\":\"x\"},[\"a\",\"b\"]]}", "{\"x\":\"b\"}", "true");
    assert_value("{\"in\":[1,{\"var\":\"x\"}]}", "{\"x\":[2,1.0]}", "true");
    assert_error("{\"in\":[1,{\"var\":\"x\"}]}", "{}", "right-hand side of an \"in\" operation must be an array");
    assert_error("{\"in\":[\"a\",\"abc\"]}", "{}", "right-hand side of an \"in\" operation must be an array");
}

static void test_comparisons(void **state)
{
    (void) state;
    assert_value("{\"<\":[1,2,3]}", "{}", "true");
    assert_value("{\">\":[3,2,2]}", "{}", "false");
    assert_value("{\">=\":[3,2,2]}", "{}", "true");
    assert_value("{\"<=\":[3,2]}", "{}", "false");
    assert_error("{\"<\":[{\"var\":\"x\"},2]}", "{}", "all operands of a comparison operation must be of integer type");
    assert_error("{\"<\":[{\"var\":\"x\"},2]}", "{\"x\":1.5}",
                 "all operands of a comparison operation must be of integer type");
    assert_error("{\"before\":[\"2021-01-01\",\"2021-01-02\"]}", "{}",
                 "all operands of a date-time comparison must be date-times");
    assert_error("{\"+\":[1,{\"var\":\"x\"}]}", "{\"x\":2.5}", "operands of this operation must both be integers");
    assert_error("{\"+\":[9223372036854775807,1]}", "{}", "a sum that is too large");
    assert_value("{\"+\":[2,-3]}", "{}", "-1");
}

/* A rule writer took < for dates; the field's verifiers took that. */
static void test_plain_comparison_of_dates(void **state)
{
    (void) state;
    assert_value("{\"<\":[{\"plusTime\":[\"2021-01-01\",0,\"day\"]},{\"plusTime\":[\"2021-01-02\",0,\"day\"]}]}", "{}",
                 "true");
    assert_value("{\">=\":[{\"plusTime\":[\"2021-01-01\",0,\"day\"]},{\"plusTime\":[\"2021-01-02\",0,\"day\"]}]}", "{}",
                 "false");
}

/* ---- dates ---- */

static int64_t date_of(const char *text)
{
    int64_t date = -7;
    return logic_date_from_text(text, strlen(text), &date) ? date : -7;
}

static void test_forms_of_dates(void **state)
{
    (void) state;
    const int64_t third = INT64_C(1612310400000), moment = third + 306000; /* 2021-02-03, 04:05:06 */
    const int64_t hour = 3600000, half = 1800000;
    const struct {
        const char *text;
        int64_t     date;
    } forms[] = {
        { "2021", INT64_C(1640908800000) },
        { "2021-02", INT64_C(1614470400000) },
        { "2020-02", INT64_C(1582934400000) },
        { "2021-12", INT64_C(1640908800000) },
        { "2021-02-03", third },
        { "2021-02-03T04:05:06", moment + 4 * hour },
        { "2021-02-03T04:05:06Z", moment + 4 * hour },
        { "2021-02-03T04:05:06.1", moment + 4 * hour + 100 },
        { "2021-02-03T04:05:06.1239Z", moment + 4 * hour + 123 },
        { "2021-02-03T04:05:06.999999999", moment + 4 * hour + 999 },
        { "2021-02-03T04:05:06+1", moment + 3 * hour },
        { "2021-02-03T04:05:06+01", moment + 3 * hour },
        { "2021-02-03T04:05:06+130", moment + 2 * hour + half },
        { "2021-02-03T04:05:06-0130", moment + 5 * hour + half },
        { "2021-02-03T04:05:06+1:30", moment + 2 * hour + half },
        { "2021-02-03T04:05:06.25-01:30", moment + 5 * hour + half + 250 },
        { "2021-02-03T24:00:00", third + 24 * hour },
        { "2021-02-30", INT64_C(1614643200000) },
        { "1969-12-31T23:59:59.999Z", -1 },
        { "0000-01-01", INT64_C(-62167219200000) },
        { "2021-13-01", LOGIC_NO_DATE },
        { "2021-00", LOGIC_NO_DATE },
        { "2021-02-32", LOGIC_NO_DATE },
        { "2021-02-03T04:05:60", LOGIC_NO_DATE },
        { "2021-02-03T24:00:01", LOGIC_NO_DATE },
        { "2021-02-03T04:05:06+24", LOGIC_NO_DATE },
    };
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        if (date_of(forms[i].text) != forms[i].date)
            fail_msg("%s is %lld", forms[i].text, (long long) date_of(forms[i].text));
    }
    const char *const none[] = { "",
                                 "21",
                                 "2021-",
                                 "2021-2-3",
                                 "2021-02-03 04:05:06",
                                 "2021-02-03T04:05",
                                 " 2021",
                                 "2021-02-03t04:05:06",
                                 "2021-02-03Z",
                                 "2021T04:05:06",
                                 "2021-02-03T04:05:06.Z",
                                 "2021-02-03T04:05:06+",
                                 "2021-02-03T04:05:06+12345",
                                 "2021-02-03T04:05:06+1:3",
                                 "2021-02-03T04:05:06ZZ",
                                 "+2021-02-03" };
    for (size_t i = 0; i < sizeof none / sizeof *none; i++) {
        if (date_of(none[i]) != -7)
            fail_msg("%s is no date", none[i]);
    }
}

static void assert_moved(const char *from, int amount, const char *unit, const char *to)
{
    char source[400];
    snprintf(source, sizeof source,
             "{\"not-before\":[{\"plusTime\":[\"%s\",%d,\"%s\"]},{\"plusTime\":[\"%s\",0,\"day\"]},"
             "{\"plusTime\":[\"%s\",%d,\"%s\"]}]}",
             from, amount, unit, to, from, amount, unit);
    assert_value(source, "{}", "true");
}

static void test_plus_time(void **state)
{
    (void) state;
    assert_moved("2020-02-29", 1, "year", "2021-03-01");
    assert_moved("2020-02-29", 4, "year", "2024-02-29");
    assert_moved("2020-01-31", 1, "month", "2020-03-02");
    assert_moved("2020-01-31", -13, "month", "2018-12-31");
    assert_moved("2020-01-31T10:20:30Z", -1, "month", "2019-12-31T10:20:30Z");
    assert_moved("2020-01-31", 30, "hour", "2020-02-01T06:00:00");
    assert_moved("2020-12-31", 1, "day", "2021-01-01");
    assert_moved("1960-03-01", -1, "day", "1960-02-29");
    assert_error("{\"plusTime\":[{\"var\":\"x\"},1,\"day\"]}", "{}",
                 "date argument (#1) of \"plusTime\" must be a string");
    assert_error("{\"plusTime\":[\"no\",1,\"day\"]}", "{}", "not an allowed date or date-time format");
    assert_error("{\"dccDateOfBirth\":[\"2021-02-03T04:05:06\"]}", "{}", "not an EU DCC date-of-birth");
    assert_value("{\"before\":[{\"plusTime\":[\"2021-13-01\",0,\"day\"]},{\"plusTime\":[\"2022\",0,\"day\"]}]}", "{}",
                 "false");
    assert_value("{\"before\":[{\"plusTime\":[\"2021\",9000000000000,\"day\"]},{\"plusTime\":[\"2022\",0,\"day\"]}]}",
                 "{}", "false");
    assert_value("{\"after\":[{\"dccDateOfBirth\":[\"2004-02\"]},{\"plusTime\":[\"2004-02-28\",0,\"day\"]}]}", "{}",
                 "true");
}

/* Moving by days, months and years against the calendar of the C library. */
static void try_dates(struct test_random *random)
{
    struct tm                day = { .tm_year = (int) test_between(random, 0, 400) - 100,
                                     .tm_mon = (int) test_between(random, 0, 11),
                                     .tm_mday = (int) test_between(random, 1, 31),
                                     .tm_hour = (int) test_between(random, 0, 23) };
    int                      amount = (int) test_between(random, 0, 900) - 450;
    unsigned                 unit = (unsigned) test_between(random, 0, 3);
    char                     from[64], to[64];
    static const char *const units[] = { "year", "month", "day", "hour" };
    struct tm                plain = day;
    timegm(&plain); /* days beyond the month run on */
    snprintf(from, sizeof from, "%04d-%02d-%02dT%02d:00:00", plain.tm_year + 1900, plain.tm_mon + 1, plain.tm_mday,
             plain.tm_hour);
    int *field[] = { &plain.tm_year, &plain.tm_mon, &plain.tm_mday, &plain.tm_hour };
    *field[unit] += amount;
    timegm(&plain);
    if (plain.tm_year < -1900 || plain.tm_year > 8099)
        return;
    snprintf(to, sizeof to, "%04d-%02d-%02dT%02d:00:00", plain.tm_year + 1900, plain.tm_mon + 1, plain.tm_mday,
             plain.tm_hour);
    assert_moved(from, amount, units[unit], to);
}

static void test_plus_time_everywhere(void **state)
{
    (void) state;
    test_property("dates", 3000, try_dates);
}

/* ---- reduce, UVCI ---- */

static void test_reduce(void **state)
{
    (void) state;
    const char *sum = "{\"reduce\":[{\"var\":\"a\"},{\"+\":[{\"var\":\"accumulator\"},{\"var\":\"current.n\"}]},5]}";
    assert_value(sum, "{\"a\":[{\"n\":1},{\"n\":2}]}", "8");
    assert_value(sum, "{\"a\":[]}", "5");
    assert_value(sum, "{}", "5");
    assert_error(sum, "{\"a\":7}", "operand of reduce evaluated to a non-null non-array");
    assert_value("{\"reduce\":[[1,2],[{\"var\":\"accumulator\"},{\"var\":\"current\"}],0]}", "{}", "[[0,1],2]");
    assert_value("{\"reduce\":[[1,2],{\"var\":\"k\"},0]}", "{\"k\":5}", "null");
}

static void test_reduce_within_reduce(void **state)
{
    (void) state;
    assert_value("{\"reduce\":[{\"var\":\"a\"},{\"+\":[{\"var\":\"accumulator\"},{\"reduce\":[{\"var\":\"current\"},"
                 "{\"+\":[{\"var\":\"accumulator\"},{\"var\":\"current\"}]},0]}]},0]}",
                 "{\"a\":[[1,2],[3],[]]}", "6");
    assert_value("{\"reduce\":[[1,2],{\"if\":[{\"var\":\"accumulator.accumulator\"},{\"var\":\"accumulator.current\"},"
                 "{\"var\":\"\"}]},9]}",
                 "{}", "1");
    assert_value("{\"reduce\":[[[1],[2]],{\"var\":\"accumulator.0\"},[[[7]]]]}", "{}", "[7]");
}

static void test_extract(void **state)
{
    (void) state;
    const char *first = "{\"extractFromUVCI\":[{\"var\":\"\"},1]}";
    assert_value(first, "\"URN:UVCI:01:NL:187/37512422923\"", "\"NL\"");
    assert_value(first, "\"01:NL:187/37512422923\"", "\"NL\"");
    assert_value(first, "\"\"", "null");
    assert_value(first, "null", "null");
    assert_value(first, "\"foo/\"", "\"\"");
    assert_value("{\"extractFromUVCI\":[\"a::c/#/f\",5]}", "{}", "\"f\"");
    assert_value("{\"extractFromUVCI\":[\"a\",-1]}", "{}", "null");
    assert_value("{\"extractFromUVCI\":[\"\",0]}", "{}", "\"\"");
    assert_error(first, "5", "\"UVCI\" argument (#1) of \"extractFromUVCI\" must be either a string or null");
}

/* ---- faults of form ---- */

static void assert_refused(const char *source, const char *path, const char *found)
{
    const struct logic_program *program = NULL;
    arena_free(&arena);
    assert_status(logic_compile(read_json(&expression, source), NULL, &arena, &program, &fault), BASE_ERR_INPUT);
    assert_null(program);
    assert_string_equal(fault.path, path);
    assert_string_equal(fault.found, found);
}

static void test_faults_of_form(void **state)
{
    (void) state;
    assert_refused("null", "", "invalid CertLogic expression: null");
    assert_refused("[1,null]", "[1]", "invalid CertLogic expression: null");
    assert_refused("3.14", "", "3.14 is a non-integer number");
    assert_refused("{}", "", "expression object must have exactly one key, but it has 0");
    assert_refused("{\"and\":[true,{\"a\":1,\"b\":2}]}", "and[1]",
                   "expression object must have exactly one key, but it has 2");
    assert_refused("{\"!\":true}", "!", "operation not of the form { \"<operator>\": [ <values...> ] }, but with true");
    assert_refused("{\"all\":[1]}", "all", "unrecognised operator: \"all\"");
    assert_refused("{\"if\":[true,1]}", "if", "\"if\" with 2 operands");
    assert_string_equal(fault.allowed, "3 operands");
    assert_refused("{\"and\":[true]}", "and", "\"and\" with 1 operands");
    assert_refused("{\"<\":[1,2,3,4]}", "<", "\"<\" with 4 operands");
    assert_refused("{\"!\":[{\"var\":0}]}", "![0].var", "not of the form { \"var\": \"<path>\" }, but a whole number");
    assert_refused("{\"var\":\"a..b\"}", "var", "data access path doesn't have a valid format: \"a..b\"");
    assert_refused("{\"plusTime\":[\"2021\",1.5,\"day\"]}", "plusTime[1]",
                   "\"amount\" argument (#2) of \"plusTime\" must be an integer, but it is: \"1.5\"");
    assert_refused("{\"plusTime\":[\"2021\",1,\"days\"]}", "plusTime[2]",
                   "\"unit\" argument (#3) of \"plusTime\" is \"days\"");
    assert_refused("{\"extractFromUVCI\":[\"a\",\"b\"]}", "extractFromUVCI[1]",
                   "\"index\" argument (#2) of \"extractFromUVCI\" must be an integer, but it is: \"b\"");
}

static void test_parts(void **state)
{
    (void) state;
    static const char *const    paths[] = { "payload", "external.valueSets", "external" };
    const struct logic_names    names = { paths, 3 };
    const struct logic_program *program;
    struct logic_value          result;
    read_json(&data, "{\"sets\":[1,2]}");
    read_json(&other, "{\"clock\":\"now\"}");
    const struct value *parts[3] = { NULL, data.values, other.values };
    arena_free(&arena);
    assert_ok(logic_compile(read_json(&expression, "[{\"var\":\"payload.v\"},{\"var\":\"external.valueSets.sets.1\"},"
                                                   "{\"var\":\"external.clock\"},{\"var\":\"external.valueSetsX\"}]"),
                            &names, &arena, &program, &fault));
    assert_ok(logic_evaluate(program, parts, &machine, &result));
    assert_int_equal(result.length, 4);
    assert_int_equal(result.elements[0].kind, LOGIC_NULL);
    assert_int_equal(result.elements[1].integer, 2);
    assert_int_equal(result.elements[2].length, 3);
    assert_int_equal(result.elements[3].kind, LOGIC_NULL);
    assert_status(
        logic_compile(read_json(&expression, "{\"!\":[{\"var\":\"payloads\"}]}"), &names, &arena, &program, &fault),
        BASE_ERR_INPUT);
    assert_string_equal(fault.found, "no data at the path \"payloads\"");
}

/* ---- limits ---- */

static void nest(char *text, unsigned depth)
{
    char *at = text;
    for (unsigned i = 1; i < depth; i++)
        at = stpcpy(at, "{\"!\":[");
    at = stpcpy(at, "1");
    for (unsigned i = 1; i < depth; i++)
        at = stpcpy(at, "]}");
}

static void test_limit_of_depth(void **state)
{
    (void) state;
    char text[20 * LOGIC_MAX_DEPTH];
    nest(text, LOGIC_MAX_DEPTH);
    compile(read_json(&expression, text)); /* each is an object in an array: within the reader's own limit too */
    nest(text, LOGIC_MAX_DEPTH + 1);
    const struct logic_program *program;
    assert_status(logic_compile(read_json(&expression, text), NULL, &arena, &program, &fault), BASE_ERR_INPUT);
    assert_string_equal(fault.found, "more than 64 expressions within one another");
}

static int evaluate_text(const char *source, const char *facts)
{
    struct logic_value  result;
    const struct value *whole = read_json(&data, facts);
    return logic_evaluate(compile(read_json(&expression, source)), &whole, &machine, &result);
}

static void test_limits_of_work(void **state)
{
    (void) state;
    static char facts[3 * LOGIC_MAX_REDUCE + 20], source[4000];
    char       *end = stpcpy(facts, "{\"a\":[0");
    for (int i = 1; i < LOGIC_MAX_REDUCE; i++)
        end = stpcpy(end, ",0");
    strcpy(end, "]}");
    const char *one = "{\"reduce\":[{\"var\":\"a\"},{\"+\":[{\"var\":\"current\"},1]},0]}";
    assert_ok(evaluate_text(one, facts));
    strcpy(end, ",0]}");
    assert_status(evaluate_text(one, facts), TOC_ERR_TOO_LARGE);
    assert_string_equal(machine.error, "reduce over more than 4096 elements");
    const char *many =
        "{\"reduce\":[{\"var\":\"\"},{\"reduce\":[[1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1],"
        "{\"reduce\":[[1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1],"
        "{\"+\":[1,1]},0]},0]},0]}";
    char *inner = strchr(facts, '[');
    inner[2 * 1000] = ']';
    inner[2 * 1000 + 1] = '\0';
    inner[2 * 1000 - 1] = '0';
    assert_status(evaluate_text(many, inner), TOC_ERR_TOO_LARGE);
    assert_string_equal(machine.error, "more than 1,000,000 steps");
    end = stpcpy(source, "[{\"var\":\"x\"}");
    for (int i = 1; i < LOGIC_MAX_ELEMENTS; i++)
        end = stpcpy(end, ",{\"!\":[1]}");
    strcpy(end, "]");
    assert_ok(evaluate_text(source, "{}"));
    assert_status(evaluate_text("{\"reduce\":[{\"var\":\"\"},[{\"var\":\"accumulator\"}],0]}", inner),
                  TOC_ERR_TOO_LARGE);
    assert_string_equal(machine.error, "more than 256 elements made up");
}

/* ---- explaining ---- */

static void assert_explained(const char *source, const char *facts, const char *expected)
{
    struct logic_reason reason;
    struct sink         sink = { .fd = -1 };
    const struct value *whole = read_json(&data, facts);
    logic_explain(compile(read_json(&expression, source)), &whole, &machine, &reason);
    logic_reason_write(&reason, &sink);
    sink_character(&sink, '\0');
    assert_string_equal(sink.bytes, expected);
    sink_free(&sink);
}

static void test_the_reason_is_told(void **state)
{
    (void) state;
    const char *doses = "{\"if\":[{\"var\":\"v.0\"},{\"and\":[{\"in\":[{\"var\":\"v.0.mp\"},[\"A\",\"B\"]]},"
                        "{\">=\":[{\"var\":\"v.0.dn\"},{\"var\":\"v.0.sd\"}]}]},true]}";
    assert_explained(doses, "{\"v\":[{\"mp\":\"A\",\"dn\":1,\"sd\":2}]}",
                     "v.0.dn >= v.0.sd; where v.0.dn is 1, v.0.sd is 2");
    assert_explained(doses, "{\"v\":[{\"mp\":\"C\",\"dn\":1,\"sd\":2}]}",
                     "v.0.mp in [\"A\", \"B\"]; where v.0.mp is \"C\"");
    assert_explained(doses, "{\"v\":[{\"mp\":\"A\",\"sd\":2}]}",
                     "v.0.dn >= v.0.sd; where v.0.dn is missing, v.0.sd is 2; all operands of a comparison operation "
                     "must be of integer type");
    assert_explained(doses, "{}", "");
    assert_explained("{\"not-before\":[{\"plusTime\":[{\"var\":\"now\"},0,\"day\"]},{\"plusTime\":[{\"var\":\"dt\"},14,"
                     "\"day\"]}]}",
                     "{\"now\":\"2021-06-10T12:00:00Z\",\"dt\":\"2021-06-01\"}",
                     "now not-before dt + 14 days; where now is 2021-06-10T12:00:00Z, dt + 14 days is 2021-06-15");
    assert_explained("{\"if\":[{\"!\":[{\"===\":[{\"var\":\"tr\"},\"neg\"]}]},false,true]}", "{\"tr\":\"pos\"}",
                     "not (tr === \"neg\"); where tr is \"pos\"");
    assert_explained("{\"and\":[true,{\"var\":\"x\"}]}", "{}", "x; where x is missing");
}

/* ---- the conformance cases of the field ---- */

static char *slurp(const char *folder, const char *name, size_t *size)
{
    char path[600];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    fseek(file, 0, SEEK_END);
    *size = (size_t) ftell(file);
    rewind(file);
    char *text = malloc(*size + 1);
    assert_int_equal(fread(text, 1, *size, file), *size);
    fclose(file);
    return text;
}

static size_t check_assertion(const struct value *source, const struct value *assertion)
{
    struct logic_value  result;
    const struct value *own = value_get(assertion, "certLogicExpression"), *facts = value_get(assertion, "data");
    if (value_get(assertion, "directive") != NULL)
        return 0;
    if (logic_evaluate(compile(own != NULL ? own : source), &facts, &machine, &result) != 0)
        fail_msg("%s", machine.error);
    assert_true(same(&result, value_get(assertion, "expected")));
    return 1;
}

static void test_suite_of_certlogic(void **state)
{
    (void) state;
    const char       *folder = test_shared_data("credentials/certlogic");
    struct value_tree line = VALUE_TREE_INIT;
    size_t            size, offset = 0, num = 0;
    if (folder == NULL)
        skip();
    char *text = slurp(folder, "testSuite.jsonl", &size);
    for (;;) {
        assert_ok(json_read_next(text, size, &offset, NULL, &line, NULL));
        if (line.num_values == 0)
            break;
        for (VALUE_EACH(assertion, value_get(line.values, "assertions")))
            num += check_assertion(value_get(line.values, "certLogicExpression"), assertion);
    }
    print_message("# %zu assertions\n", num);
    assert_true(num > 50);
    value_tree_free(&line);
    free(text);
}

static void test_suite_of_forms(void **state)
{
    (void) state;
    const char       *folder = test_shared_data("credentials/certlogic");
    struct value_tree line = VALUE_TREE_INIT;
    size_t            size, offset = 0, num = 0;
    if (folder == NULL)
        skip();
    char *text = slurp(folder, "validation-testSuite.jsonl", &size);
    for (;; num++) {
        const struct logic_program *program;
        assert_ok(json_read_next(text, size, &offset, NULL, &line, NULL));
        if (line.num_values == 0)
            break;
        bool valid = value_get(line.values, "issues")->count == 0;
        arena_free(&arena);
        assert_status(logic_compile(value_get(line.values, "certLogicExpression"), NULL, &arena, &program, &fault),
                      valid ? 0 : BASE_ERR_INPUT);
    }
    assert_true(num > 10);
    value_tree_free(&line);
    free(text);
}

static int free_all(void **state)
{
    (void) state;
    value_tree_free(&expression);
    value_tree_free(&data);
    value_tree_free(&other);
    arena_free(&arena);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_literals_and_arrays),
        cmocka_unit_test(test_var),
        cmocka_unit_test(test_truth),
        cmocka_unit_test(test_and_is_lazy),
        cmocka_unit_test(test_equality),
        cmocka_unit_test(test_comparisons),
        cmocka_unit_test(test_plain_comparison_of_dates),
        cmocka_unit_test(test_forms_of_dates),
        cmocka_unit_test(test_plus_time),
        cmocka_unit_test(test_plus_time_everywhere),
        cmocka_unit_test(test_reduce),
        cmocka_unit_test(test_reduce_within_reduce),
        cmocka_unit_test(test_extract),
        cmocka_unit_test(test_faults_of_form),
        cmocka_unit_test(test_parts),
        cmocka_unit_test(test_limit_of_depth),
        cmocka_unit_test(test_limits_of_work),
        cmocka_unit_test(test_the_reason_is_told),
        cmocka_unit_test(test_suite_of_certlogic),
        cmocka_unit_test(test_suite_of_forms),
    };
    return cmocka_run_group_tests(tests, NULL, free_all);
}
