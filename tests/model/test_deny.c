/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/deny.h"

#include <stdio.h>

#include "base/unicode.h"
#include "model/support.h"

static const char *match(const char *name)
{
    const struct denied_thing *denied = deny_match(name, strlen(name));
    return denied != NULL ? denied->code : "";
}

static void test_what_is_never_collected_is_found(void **state)
{
    (void) state;
    static const char *const names[][2] = {
        { "ethnicity", "ethnicity" },
        { "Ethnicity", "ethnicity" },
        { "patient_ethnicity", "ethnicity" },
        { "PatientRace", "ethnicity" },
        { "raceCode", "ethnicity" },
        { "RACE1", "ethnicity" },
        { "ethnic-groups", "ethnicity" },
        { "minorities", "ethnicity" },
        { "民族", "ethnicity" },
        { "患者民族", "ethnicity" },
        { "民　族", "ethnicity" },
        { "民 族：", "ethnicity" },
        { "MinZu", "ethnicity" },
        { "མི་རིགས།", "ethnicity" },
        { "ｒａｃｅ", "ethnicity" },
        { "religion", "religion" },
        { "What is your religion?", "religion" },
        { "宗教信仰", "religion" },
        { "ཆོས་ལུགས་", "religion" },
        { "politicalParty", "politics" },
        { "politicalparty", "politics" },
        { "political party", "politics" },
        { "政治面貌", "politics" },
        { "ཏང་ཡོན་ཡིན་ནམ", "politics" },
        { "sexual_orientation", "orientation" },
        { "SexualOrientation", "orientation" },
        { "性取向", "orientation" },
        { "criminal record", "crime" },
        { "有无犯罪记录", "crime" },
        { "fingerprints", "biometrics" },
        { "face-id", "biometrics" },
        { "人脸照片", "biometrics" },
        { "cell_tower_id", "phone_mast" },
        { "IMEI", "phone_mast" },
        { "行动轨迹", "phone_mast" },
        { "cameras", "camera" },
        { "CCTV footage", "camera" },
        { "摄像头", "camera" },
        { "bankCard", "payment" },
        { "支付记录", "payment" },
        { "健康码颜色", "score" },
        { "socialCreditScore", "score" },
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(match(names[i][0]), names[i][1]) != 0)
            fail_msg("%s: \"%s\" instead of \"%s\"", names[i][0], match(names[i][0]), names[i][1]);
}

static void test_what_only_looks_like_it_is_let_through(void **state)
{
    (void) state;
    static const char *const names[] = {
        "racecourse",
        "embrace",
        "trace",
        "tracer",
        "bracelet",
        "camera-ready",
        "gamma camera",
        "cameraman",
        "faithful dose",
        "policy",
        "criminology",
        "grace period",
        "terrace",
        "cardiac arrest",
        "party",
        "birthday party",
        "birth_place",
        "preferred_language",
        "民族医院",
        "自治州民族医院",
        "接种人种类",
        "阳性倾向",
        "公安县",
        "预警方法",
        "急性向慢性转变",
        "集团员工",
        "指纹图谱",
        "虹膜睫状体炎",
        "སྨན་ཁང",
        "སྐད་ཡིག",
        "face mask",
        "phone",
        "location",
        "sex",
        "occupation",
        "place of worship",
        "infection_area",
        "base_excess",
        "cell_count",
        "call back time",
        "union",
        "iris",
        "bank of specimens",
        "interface id",
        "credit",
        "voice",
        "message",
        "stability",
        "",
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (*match(names[i]) != '\0')
            fail_msg("%s is taken for %s", names[i], match(names[i]));
}

/* The words of deny.def are in the form in which names are compared, so each finds itself. */
static void test_every_word_of_the_table_works(void **state)
{
    (void) state;
    static const char *const words[] = {
#define DENIED(code, en, zh)
#define WORD(word) word,
#define HARMLESS(word)
#include "base/deny.def"
#undef HARMLESS
    };
    static const char *const harmless[] = {
#undef WORD
#define WORD(word)
#define HARMLESS(word) word,
#include "base/deny.def"
#undef HARMLESS
#undef WORD
#undef DENIED
    };
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        struct arena arena = ARENA_INIT;
        const char  *normal;
        size_t       size;
        assert_ok(unicode_normalize(words[i], strlen(words[i]), UNICODE_NFKC, &arena, &normal, &size));
        assert_string_equal(normal, words[i]);
        arena_free(&arena);
        if (*match(words[i]) == '\0')
            fail_msg("%s is not found", words[i]);
    }
    for (size_t i = 0; i < sizeof harmless / sizeof *harmless; i++)
        if (*match(harmless[i]) != '\0')
            fail_msg("%s is not harmless", harmless[i]);
    assert_in_range(sizeof words / sizeof *words, 200, 1000);
}

static void test_bytes_of_any_kind(void **state)
{
    (void) state;
    char name[DENY_MAX_BYTES + 10];
    memset(name, 'A', sizeof name);
    assert_null(deny_match(name, sizeof name));
    for (size_t i = 0; i + 1 < sizeof name; i += 2)
        memcpy(name + i, "aB", 2); /* a blank before each capital */
    assert_null(deny_match(name, sizeof name));
    assert_null(deny_match("\xFFreligion", 9)); /* not UTF-8 from the first byte: refused elsewhere */
    assert_non_null(deny_match("religion\xFF", 9));
    memcpy(name, "religion ", 9);
    assert_non_null(deny_match(name, sizeof name));
}

static void check_name(const char *record, const char *name)
{
    if (*match(name) != '\0')
        fail_msg("%s: %s is %s", record, name, match(name));
}

/* No field, label or record of our own is one of these. */
static void test_the_model_collects_none_of_it(void **state)
{
    (void) state;
    size_t                     num;
    const struct model_record *records = model_records(&num);
    for (size_t i = 0; i < num; i++) {
        check_name(records[i].name, records[i].name);
        check_name(records[i].name, records[i].title_en);
        check_name(records[i].name, records[i].title_zh);
        for (size_t j = 0; j < records[i].num_fields; j++) {
            check_name(records[i].name, records[i].fields[j].name);
            check_name(records[i].name, records[i].fields[j].label_en);
            check_name(records[i].name, records[i].fields[j].label_zh);
        }
    }
}

static void check_list(const struct model_lists *lists, const char *list)
{
    const struct model_entry *entry;
    for (size_t i = 0; (entry = model_lists_entry(lists, list, i)) != NULL; i++)
        for (int language = -1; language < MODEL_NUM_LANGUAGES; language++) {
            const char *text = language < 0 ? entry->code : entry->name[language];
            if (text != NULL && *match(text) != '\0')
                fail_msg("%s: %s is %s", list, text, match(text));
        }
}

static void test_the_lists_hold_none_of_it(void **state)
{
    (void) state;
    struct model_lists *lists;
    struct fault_list   faults = FAULT_LIST_INIT;
    const char         *list;
    assert_ok(model_lists_new(&lists));
    assert_ok(model_lists_add_folder(lists, PROJECT_ROOT "/share/lists", &faults));
    assert_non_null(model_lists_list(lists, 0));
    for (size_t i = 0; (list = model_lists_list(lists, i)) != NULL; i++)
        check_list(lists, list);
    model_lists_free(lists);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_never_collected_is_found),
        cmocka_unit_test(test_what_only_looks_like_it_is_let_through),
        cmocka_unit_test(test_every_word_of_the_table_works),
        cmocka_unit_test(test_bytes_of_any_kind),
        cmocka_unit_test(test_the_model_collects_none_of_it),
        cmocka_unit_test(test_the_lists_hold_none_of_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
