/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/fault.h"
#include "base/text.h"
#include "model/people.h"
#include "store/person_forms.h"
#include "support/test.h"
#include "tocsin/date.h"

static const struct person_form_options china = PERSON_FORM_OPTIONS_INIT;

static struct model_text text_of(const char *text)
{
    return text == NULL ? (struct model_text){ NULL, 0 } : (struct model_text){ text, strlen(text) };
}

static struct model_identity person(const char *name, const char *name_latin)
{
    struct model_identity identity;
    model_init(model_record(MODEL_IDENTITY), &identity);
    identity.name = text_of(name);
    identity.name_latin = text_of(name_latin);
    return identity;
}

static const char *joined(const struct person_form *forms, size_t num_forms)
{
    static const char *const kinds[] = { "?", "name", "letters", "year", "id", "phone" };
    static char              text[8000];
    size_t                   size = 0;
    text[0] = '\0';
    for (size_t i = 0; i < num_forms; i++) {
        assert_true(forms[i].kind >= PERSON_FORM_NAME && forms[i].kind <= PERSON_FORM_PHONE);
        assert_int_equal(strlen(forms[i].bytes), forms[i].size);
        size += (size_t) snprintf(text + size, sizeof text - size, "%s%s:%s", i > 0 ? " " : "", kinds[forms[i].kind],
                                  forms[i].bytes);
    }
    return text;
}

static void assert_forms(const struct model_identity *identity, const char *expected)
{
    struct arena        arena = ARENA_INIT;
    struct person_form *forms;
    size_t              num_forms;
    assert_ok(person_forms(identity, &china, &arena, &forms, &num_forms));
    assert_true(num_forms <= PERSON_MAX_FORMS);
    assert_string_equal(joined(forms, num_forms), expected);
    arena_wipe(&arena);
}

static void assert_name(const char *name, const char *name_latin, const char *expected)
{
    struct model_identity identity = person(name, name_latin);
    assert_forms(&identity, expected);
}

static void assert_query(const char *typed, const char *expected, int birth_year)
{
    struct arena        arena = ARENA_INIT;
    struct person_query query;
    assert_ok(person_query_read(typed, strlen(typed), &china, &arena, &query));
    assert_string_equal(joined(query.forms, query.num_forms), expected);
    assert_int_equal(query.birth_year, birth_year);
    arena_wipe(&arena);
}

/* Is the person among those that the query asks for? */
static bool finds(const char *typed, const struct model_identity *identity)
{
    struct arena        arena = ARENA_INIT;
    struct person_form *forms;
    size_t              num_forms;
    struct person_query query;
    bool                found = false;
    assert_ok(person_forms(identity, &china, &arena, &forms, &num_forms));
    assert_ok(person_query_read(typed, strlen(typed), &china, &arena, &query));
    for (size_t i = 0; i < num_forms; i++)
        for (size_t k = 0; k < query.num_forms; k++)
            found =
                found || (forms[i].kind == query.forms[k].kind && strcmp(forms[i].bytes, query.forms[k].bytes) == 0);
    arena_wipe(&arena);
    return found;
}

/* ---- names ---- */

static void test_all_forms_of_a_person(void **state)
{
    (void) state;
    struct model_identity identity = person("欧阳 修", "Ouyang Xiu");
    identity.identifier_kind = text_of("resident-identity-card");
    identity.identifier = text_of("540102 19800203 001x");
    identity.birth_date = toc_date_from_civil((struct toc_civil){ 1980, 2, 3 });
    identity.phone = text_of("138-0013-8000");
    assert_forms(&identity,
                 "name:欧阳修 letters:ouyangxiu year:欧阳修|1980 id:54010219800203001X phone:+8613800138000");
    static const char *const typed[] = { "欧阳修",
                                         "歐陽修",
                                         "Ouyang Xiu",
                                         "xiu ouyang",
                                         "OUYANGXIU",
                                         "Ōuyáng Xiū",
                                         "欧阳修 1980",
                                         "1980年2月3日生 欧阳修",
                                         "54010219800203001X",
                                         "540102 19800203 001X",
                                         "+86 138 0013 8000" };
    for (size_t i = 0; i < sizeof typed / sizeof *typed; i++)
        assert_true(finds(typed[i], &identity));
    assert_false(finds("欧阳修 1981", &identity));
    assert_false(finds("欧阳", &identity));
    assert_false(finds("欧", &identity));
    assert_false(finds("19800203", &identity));
    assert_false(finds("1980", &identity));
}

static void test_one_name_however_it_is_written(void **state)
{
    (void) state;
    assert_name("张三", NULL, "name:张三 letters:zhangsan");
    assert_name("張三", NULL, "name:张三 letters:zhangsan");
    assert_name(" 张　三 ", NULL, "name:张三 letters:zhangsan");
    assert_name("买买提·艾力", NULL, "name:买买提艾力 letters:maimaitiaili");
    assert_name("买买提•艾力", NULL, "name:买买提艾力 letters:maimaitiaili");
    assert_name("བཀྲ་ཤིས་སྒྲོལ་མ།", NULL, "name:བཀྲཤིསསྒྲོལམ");
    assert_name("བཀྲ་ཤིས།", "Tashi Dolma", "name:བཀྲཤིས letters:tashidolma");
    assert_name(NULL, "Nguyễn Văn Đức", "letters:nguyenuanduc"); /* v behind n */
    assert_name(NULL, "O'Brien, Mary-Jane", "letters:obrienmaryjane");
    assert_name("John Smith", "JOHN SMITH", "letters:johnsmith");
    assert_name("张三", "San Zhang", "name:张三 letters:zhangsan"); /* the same words in another order */
    assert_name("张三", "Zhang Sam", "name:张三 letters:zhangsan letters:zhangsam");
    assert_name("김철수", NULL, "name:김철수");
    assert_name("徐乾", NULL, "name:徐干 letters:xuqian"); /* 乾 is folded with 干 and read as itself */
    assert_name(NULL, NULL, "");
    assert_name("", "", "");
}

/* Readings that dictionaries of surnames agree on. */
static void test_surnames_are_read_as_surnames(void **state)
{
    (void) state;
    static const struct {
        const char *name, *letters;
    } known[] = {
        { "曾国藩", "zengguofan" },
        { "单田芳", "shantianfang" },
        { "解缙", "xiejin" },
        { "仇英", "qiuying" },
        { "区大相", "oudaxiang" },
        { "查良镛", "zhaliangyong" },
        { "任弼时", "renbishi" },
        { "华罗庚", "hualuogeng" },
        { "朴树", "piaoshu" },
        { "尉迟恭", "yuchigong" },
        { "万俟卨", "moqixie" },
        { "令狐冲", "linghuchong" },
        { "欧阳修", "ouyangxiu" },
        { "司马迁", "simaqian" },
        { "诸葛亮", "zhugeliang" },
        { "澹台灭明", "tantaimieming" },
        { "翟志刚", "zhaizhigang" },
        { "盖叫天", "gejiaotian" },
        { "缪荃孙", "miaoquansun" },
        { "卜式", "bushi" },
        { "乐毅", "yueyi" },
        { "覃子豪", "qinzihao" },
        { "阚泽", "kanze" },
        { "员半千", "yunbanqian" },
        { "种师道", "chongshidao" },
        { "繁钦", "poqin" },
        { "召忽", "shaohu" },
        { "祭遵", "zhaizun" },
        { "单于", NULL },
        { "長孫無忌", "zhangsunwuji" },
        { "吕布", "lubu" },
        { "葉挺", "yeting" },
        { "宁浩", "ninghao" },
        { "李晟", "lisheng" },
        { "卜式", "bushi" },
        { "拓跋珪", "tuobagui" },
        { "沈从文", "shencongwen" },
        { "石鲁", "shilu" },
        { "车胤", "cheyin" },
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        struct model_identity identity = person(known[i].name, NULL);
        struct arena          arena = ARENA_INIT;
        struct person_form   *forms;
        size_t                num_forms;
        assert_ok(person_forms(&identity, &china, &arena, &forms, &num_forms));
        if (known[i].letters == NULL) {
            assert_int_equal(num_forms, 0);
        } else {
            assert_true(num_forms >= 2);
            assert_int_equal(forms[1].kind, PERSON_FORM_LETTERS); /* as a surname first */
            assert_string_equal(forms[1].bytes, known[i].letters);
        }
        arena_wipe(&arena);
    }
}

/* 单增 (Tenzin) begins with no surname: the usual reading counts too. */
static void test_the_usual_reading_counts_beside_the_surname(void **state)
{
    (void) state;
    assert_name("单增", NULL, "name:单增 letters:shanzeng letters:danzeng");
    assert_name("万俟卨", NULL, "name:万俟卨 letters:moqixie letters:wanqixie");
    assert_name("欧阳修", NULL, "name:欧阳修 letters:ouyangxiu");
    assert_name("任华", NULL, "name:任华 letters:renhua");
}

static void test_tibetan_names_in_han_characters(void **state)
{
    (void) state;
    static const struct {
        const char *name, *letters;
    } known[] = {
        { "次仁卓玛", "cirenzhuoma" },
        { "扎西", "zhaxi" },
        { "格桑", "gesang" },
        { "洛桑", "luosang" },
        { "白玛", "baima" },
        { "普布", "pubu" },
        { "央金", "yangjin" },
        { "边巴", "bianba" },
        { "索朗旺堆", "suolangwangdui" },
        { "尼玛", "nima" },
        { "强巴", "qiangba" },
        { "德吉", "deji" },
        { "平措", "pingcuo" },
        { "仁青", "renqing" },
        { "旦增", "danzeng" },
        { "达瓦", "dawa" },
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        char expected[200];
        sprintf(expected, "name:%s letters:%s", known[i].name, known[i].letters);
        assert_name(known[i].name, NULL, expected);
    }
}

static void test_u_with_two_dots_is_u(void **state)
{
    (void) state;
    struct model_identity identity = person("吕布", NULL);
    assert_true(finds("Lü Bu", &identity) && finds("lv bu", &identity) && finds("LYU BU", &identity));
    assert_true(finds("lubu", &identity) && finds("Lǚ Bù", &identity));
    identity = person("女娲", NULL);
    assert_true(finds("nv wa", &identity) && finds("nyuwa", &identity) && finds("nuwa", &identity));
    identity = person(NULL, "Van Vu Silva");
    assert_true(finds("silva van vu", &identity));
}

static void test_words_of_an_alphabet_in_any_turn(void **state)
{
    (void) state;
    struct model_identity identity = person(NULL, "John Robert Smith");
    assert_true(finds("Smith, John Robert", &identity));
    assert_true(finds("john robert smith", &identity));
    assert_true(finds("johnrobertsmith", &identity));
    assert_false(finds("john smith", &identity)); /* whole names alone */
    assert_query("a b c d e f g h",
                 "letters:abcdefgh letters:bcdefgha letters:cdefghab letters:defghabc "
                 "letters:efghabcd letters:fghabcde letters:ghabcdef letters:habcdefg",
                 0);
    assert_query("a b c d e f g h i", "letters:abcdefghi", 0);
}

/* DESIGN section 6: never a surname, a single character or a birth date. */
static void test_no_form_of_a_surname_or_a_single_character(void **state)
{
    (void) state;
    static const char *const nobody[] = { "张",    "欧阳",     "歐陽", "尉迟",   "张某",    "张某某",   "张 X", "张×",
                                          "张**",  "张氏",     "李○",  "某某",   "张先生",  "欧阳女士", "ལྷ",    "ལྷ་",
                                          "Zhang", "Zhang S.", "X",    "Ouyang", "Ou Yang", "O. Y.",    "12",   "3 4" };
    for (size_t i = 0; i < sizeof nobody / sizeof *nobody; i++) {
        struct model_identity identity = person(nobody[i], NULL);
        identity.birth_date = toc_date_from_civil((struct toc_civil){ 1980, 2, 3 });
        assert_forms(&identity, "");
        identity = person(NULL, nobody[i]);
        identity.birth_date = toc_date_from_civil((struct toc_civil){ 1980, 2, 3 });
        assert_forms(&identity, "");
    }
    assert_query("张", "", 0);
    assert_query("欧阳", "", 0);
    assert_query("张 1980", "", 1980);
    assert_query("张某", "", 0);
    assert_query("ལྷ", "", 0);
    assert_query("x", "", 0);
    assert_query(" . ", "", 0);
    assert_name("张三先生", NULL, "name:张三先生 letters:zhangsanxiansheng");
    assert_name("王李氏", NULL, "name:王李氏 letters:wanglishi");
    assert_name("欧阳某", "Ouyang Xiu", "letters:ouyangxiu");
}

static void test_no_form_of_a_birth_date(void **state)
{
    (void) state;
    struct model_identity identity = person(NULL, NULL);
    identity.birth_date = toc_date_from_civil((struct toc_civil){ 1980, 2, 3 });
    assert_forms(&identity, "");
    static const char *const dates[] = { "19800203", "1980-02-03", "800203", "80/02/03" };
    for (size_t i = 0; i < sizeof dates / sizeof *dates; i++) {
        identity.identifier = text_of(dates[i]);
        assert_forms(&identity, "");
    }
    identity.identifier = text_of("19800204");
    assert_forms(&identity, "id:19800204");
}

static void test_a_character_without_a_reading(void **state)
{
    (void) state;
    assert_name("张々", NULL, "name:张々");
    assert_name("さくら", NULL, "name:さくら");
    assert_name("〇一", NULL, "name:〇一 letters:lingyi");
}

static void test_name_and_year_of_birth(void **state)
{
    (void) state;
    struct model_identity identity = person(NULL, "Tashi Dolma");
    identity.birth_date = toc_date_from_civil((struct toc_civil){ 2001, 12, 31 });
    assert_forms(&identity, "letters:tashidolma year:tashidolma|2001");
    assert_true(finds("dolma tashi 2001", &identity));
    assert_query("Tashi Dolma 20011231",
                 "letters:tashidolma year:tashidolma|2001 letters:dolmatashi year:dolmatashi|2001", 2001);
    assert_query("张三 1849", "id:1849 id:张三1849 name:张三", 0); /* no year of birth: a number */
    assert_query("张三 2150-01-01", "year:张三|2150", 2150);
    assert_query("张三 20010230", "id:20010230 id:张三20010230 phone:+8620010230 name:张三", 0);
    assert_query("张三 13800138000", "id:13800138000 id:张三13800138000 phone:+8613800138000 name:张三", 0);
    identity = person("张三", NULL);
    identity.birth_date = TOC_DATE_MAX + 1;
    assert_forms(&identity, "name:张三 letters:zhangsan");
}

/* ---- numbers ---- */

static void test_identifiers(void **state)
{
    (void) state;
    struct model_identity identity = person(NULL, NULL);
    static const struct {
        const char *given, *forms;
    } known[] = {
        { "54010219800203001x", "id:54010219800203001X" },
        { "５４０１０２-19800203-001Ｘ", "id:54010219800203001X" },
        { "e 12 345.678", "id:E12345678" },
        { "军字第12345号", "id:军字第12345号" },
        { "ab1", "" },
        { "ab12", "id:AB12" },
        { "", "" },
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        identity.identifier = text_of(known[i].given);
        assert_forms(&identity, known[i].forms);
        if (known[i].forms[0] != '\0')
            assert_true(finds(known[i].given, &identity));
    }
}

static void test_telephones(void **state)
{
    (void) state;
    struct model_identity identity = person(NULL, NULL);
    static const struct {
        const char *given, *forms;
    } known[] = {
        { "13800138000", "phone:+8613800138000" },
        { "+86 138 0013 8000", "phone:+8613800138000" },
        { "0086-13800138000", "phone:+8613800138000" },
        { "8613800138000", "phone:+8613800138000" },
        { "＋８６ １３８００１３８０００", "phone:+8613800138000" },
        { "013800138000", "phone:+8613800138000" },
        { "0891-6345678", "phone:+868916345678" },
        { "+86 (0)891 6345678", "phone:+868916345678" },
        { "(0891) 634 5678 转 12", "phone:+868916345678" },
        { "电话：0891-6345678 ext. 12", "phone:+868916345678" },
        { "+977 1-4261234", "phone:+97714261234" },
        { "13800138000、13900139000/13700137000", "phone:+8613800138000 phone:+8613900139000" },
        { "13800138000;13800138000", "phone:+8613800138000" },
        { "12345", "phone:+8612345" },
        { "1234", "" },
        { "+1234567", "phone:+1234567" },
        { "+123456", "" },
        { "+123456789012345", "phone:+123456789012345" },
        { "+1234567890123456", "" },
        { "1234567890123456789012345678901234567890", "" },
        { "无", "" },
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        identity.phone = text_of(known[i].given);
        assert_forms(&identity, known[i].forms);
    }
}

static void test_telephones_of_another_country(void **state)
{
    (void) state;
    struct arena               arena = ARENA_INIT;
    struct person_form        *forms = NULL;
    size_t                     num_forms = 7;
    struct model_identity      identity = person(NULL, NULL);
    struct person_form_options italy = { "39", "" }, nepal = { "977", "0" };
    identity.phone = text_of("06 12345678");
    assert_ok(person_forms(&identity, &italy, &arena, &forms, &num_forms));
    assert_string_equal(joined(forms, num_forms), "phone:+390612345678");
    identity.phone = text_of("01-4261234");
    assert_ok(person_forms(&identity, &nepal, &arena, &forms, &num_forms));
    assert_string_equal(joined(forms, num_forms), "phone:+97714261234");
    static const struct {
        unsigned    code;
        const char *given, *form;
    } countries[] = {
        { 0, "010 62345678", "phone:+861062345678" },       { 86, "010 62345678", "phone:+861062345678" },
        { 977, "01-4261234", "phone:+97714261234" },        { 39, "06 12345678", "phone:+390612345678" },
        { 7, "8 916 123-45-67", "phone:+79161234567" },     { 36, "06 1 234 5678", "phone:+3612345678" },
        { 1, "212 555 0123", "phone:+12125550123" },        { 1, "1-212-555-0123", "phone:+12125550123" },
        { 999, "0 1234567", "phone:+9991234567" },          { 977, "+86 10 62345678", "phone:+861062345678" },
        { 977, "0086 10 62345678", "phone:+861062345678" },
    };
    struct person_country country;
    for (size_t i = 0; i < sizeof countries / sizeof *countries; i++) {
        identity.phone = text_of(countries[i].given);
        assert_ok(person_forms(&identity, person_country(countries[i].code, &country), &arena, &forms, &num_forms));
        assert_string_equal(joined(forms, num_forms), countries[i].form);
    }
    assert_status(person_forms(&identity, person_country(1000, &country), &arena, &forms, &num_forms), TOC_ERR_OPTION);
    static const struct person_form_options bad[] = { { "", "0" },    { NULL, "0" },  { "+86", "0" },   { "1234", "0" },
                                                      { "086", "0" }, { "86", NULL }, { "86", "0000" }, { "86", "a" } };
    num_forms = 7;
    struct person_query query;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_status(person_forms(&identity, &bad[i], &arena, &forms, &num_forms), TOC_ERR_OPTION);
        assert_status(person_query_read("a", 1, &bad[i], &arena, &query), TOC_ERR_OPTION);
    }
    assert_int_equal(num_forms, 7);
    arena_wipe(&arena);
}

/* ---- bad input, limits ---- */

static void test_what_is_not_utf8_is_refused(void **state)
{
    (void) state;
    struct arena        arena = ARENA_INIT;
    struct person_form *forms = NULL;
    size_t              num_forms = 7;
    struct person_query query;
    for (size_t field = 0; field < 4; field++) {
        struct model_identity identity = person("张三", "Zhang San");
        identity.identifier = text_of("AB1234");
        identity.phone = text_of("13800138000");
        struct model_text *texts[] = { &identity.name, &identity.name_latin, &identity.identifier, &identity.phone };
        *texts[field] = text_of("a\xff");
        assert_status(person_forms(&identity, &china, &arena, &forms, &num_forms), BASE_ERR_INPUT);
    }
    assert_status(person_query_read("\xe5\xbc", 2, &china, &arena, &query), BASE_ERR_INPUT);
    struct person_prefix prefix;
    assert_status(person_prefix_read("\xe5\xbc", 2, &prefix), BASE_ERR_INPUT);
    assert_status(person_prefix_read("", 0, &prefix), BASE_ERR_INPUT);
    assert_status(person_prefix_read(" · ", 4, &prefix), BASE_ERR_INPUT);
    assert_ok(person_prefix_read("a", 1, &prefix));
    struct model_identity identity = person("\xff", NULL);
    assert_false(person_prefix_matches(&prefix, &identity));
    assert_int_equal(num_forms, 7);
    arena_wipe(&arena);
}

static void test_limits(void **state)
{
    (void) state;
    struct arena         arena = ARENA_INIT;
    struct person_form  *forms;
    size_t               num_forms;
    struct person_query  query;
    struct person_prefix prefix;
    static char          long_name[3 * (PERSON_MAX_CHARS + 1) + 1];
    for (size_t i = 0; i <= PERSON_MAX_CHARS; i++)
        memcpy(long_name + 3 * i, "庄", 3);
    struct model_identity identity = person(long_name, NULL);
    identity.birth_date = 0;
    assert_ok(person_forms(&identity, &china, &arena, &forms, &num_forms));
    assert_int_equal(num_forms, 3); /* the first characters alone count */
    assert_int_equal(forms[0].size, 3 * PERSON_MAX_CHARS);
    assert_int_equal(forms[1].size, strlen("zhuang") * PERSON_MAX_CHARS);
    assert_int_equal(forms[2].size, 3 * PERSON_MAX_CHARS + strlen("|1970"));
    assert_ok(person_query_read(long_name, 3 * PERSON_MAX_CHARS, &china, &arena, &query));
    assert_string_equal(query.forms[0].bytes, forms[0].bytes);
    assert_status(person_query_read(long_name, 3 * (PERSON_MAX_CHARS + 1), &china, &arena, &query), TOC_ERR_TOO_LARGE);
    assert_ok(person_prefix_read(long_name, 3 * PERSON_MAX_CHARS, &prefix));
    assert_true(person_prefix_matches(&prefix, &identity));
    assert_status(person_prefix_read(long_name, 3 * (PERSON_MAX_CHARS + 1), &prefix), TOC_ERR_TOO_LARGE);
    /* Words that begin alike in as many ways as there are: no more than their product in steps. */
    static char many[2 * PERSON_MAX_CHARS];
    for (size_t i = 0; i + 4 < PERSON_MAX_CHARS; i += 4)
        memcpy(many + i, "aaa ", 4);
    identity = person(many, NULL);
    many[PERSON_MAX_CHARS - 5] = 'b';
    assert_ok(person_prefix_read(many, strlen(many), &prefix));
    many[PERSON_MAX_CHARS - 5] = 'a';
    assert_false(person_prefix_matches(&prefix, &identity));
    arena_wipe(&arena);
}

static void test_no_memory(void **state)
{
    (void) state;
    struct model_identity identity = person("曾国藩", "Zeng Guofan");
    identity.identifier = text_of("54010219800203001X");
    identity.phone = text_of("13800138000");
    struct person_form *forms = NULL;
    size_t              num_forms = 7, limit = 16;
    for (;; limit += 16) {
        struct arena arena = { .limit = limit };
        int          status = person_forms(&identity, &china, &arena, &forms, &num_forms);
        arena_wipe(&arena);
        if (status == 0)
            break;
        assert_int_equal(status, TOC_ERR_NO_MEMORY);
        assert_null(forms);
    }
    struct person_query query = { NULL, 7, 7 };
    for (limit = 16;; limit += 16) {
        struct arena arena = { .limit = limit };
        int          status = person_query_read("Zeng Guofan 1811", 16, &china, &arena, &query);
        arena_wipe(&arena);
        if (status == 0)
            break;
        assert_int_equal(status, TOC_ERR_NO_MEMORY);
        assert_int_equal(query.num_forms, 7);
    }
}

/* ---- prefix search ---- */

static bool begins(const char *typed, const char *name, const char *name_latin)
{
    struct model_identity identity = person(name, name_latin);
    struct person_prefix  prefix;
    assert_ok(person_prefix_read(typed, strlen(typed), &prefix));
    return person_prefix_matches(&prefix, &identity);
}

static void test_prefix_in_han(void **state)
{
    (void) state;
    assert_true(begins("欧", "欧阳修", NULL));
    assert_true(begins("欧阳", "欧阳修", NULL));
    assert_true(begins("歐陽修", "欧阳 修", NULL));
    assert_true(begins("买买提艾", "买买提·艾力", NULL));
    assert_false(begins("阳", "欧阳修", NULL));
    assert_false(begins("欧阳修文", "欧阳修", NULL));
    assert_false(begins("欧", NULL, "Ouyang Xiu"));
}

static void test_prefix_in_pinyin(void **state)
{
    (void) state;
    static const char *const yes[] = { "o",          "ou", "ouy", "ouyang", "ou yang", "ouyangx",
                                       "OUYANG XIU", "Ōu", "oy",  "oyx",    "oyxiu",   "ouyx" };
    for (size_t i = 0; i < sizeof yes / sizeof *yes; i++)
        assert_true(begins(yes[i], "欧阳修", NULL));
    static const char *const no[] = { "y", "oux", "ouyangxiuz", "x", "ox", "ouyanx1" };
    for (size_t i = 0; i < sizeof no / sizeof *no; i++)
        assert_false(begins(no[i], "欧阳修", NULL));
    assert_true(begins("zs", "张三", NULL));
    assert_true(begins("zhs", "张三", NULL));
    assert_true(begins("zsan", "张三", NULL));
    assert_true(begins("shan", "单田芳", NULL) && begins("dantf", "单田芳", NULL));
    assert_true(begins("mqx", "万俟卨", NULL) && begins("moqi", "万俟卨", NULL));
    assert_true(begins("lv", "吕布", NULL) && begins("lyu", "吕布", NULL) && begins("lub", "吕布", NULL));
    assert_true(begins("zhang", "章々", NULL));
    assert_false(begins("zhangs", "章々", NULL)); /* no reading */
}

static void test_prefix_of_words(void **state)
{
    (void) state;
    assert_true(begins("tse", NULL, "Tsering Drolma"));
    assert_true(begins("drol", NULL, "Tsering Drolma"));
    assert_true(begins("drolma ts", NULL, "Tsering Drolma"));
    assert_true(begins("tsering drolma", NULL, "Tsering Drolma"));
    assert_true(begins("td", NULL, "Tsering Drolma"));
    assert_true(begins("drol", "次仁卓玛", "Tsering Drolma"));
    assert_true(begins("obr", NULL, "O'Brien"));
    assert_true(begins("o'br", NULL, "OBrien"));
    assert_true(begins("van vu", NULL, "Nguyen Van Vu"));
    assert_true(begins("ngu", NULL, "Nguyễn Văn Vũ"));
    assert_true(begins("Ива", NULL, "Петр Иванов"));
    assert_false(begins("sering", NULL, "Tsering Drolma"));
    assert_false(begins("drolma tsx", NULL, "Tsering Drolma"));
    assert_false(begins("a", NULL, NULL));
}

static void test_prefix_in_tibetan(void **state)
{
    (void) state;
    const char *name = "བཀྲ་ཤིས་སྒྲོལ་མ།";
    assert_true(begins("བཀྲ", name, NULL));
    assert_true(begins("བཀྲ་", name, NULL));
    assert_true(begins("བཀྲ་ཤི", name, NULL));
    assert_true(begins("བཀྲ་ཤིས་སྒྲོལ་མ", name, NULL));
    assert_true(begins("བཀ", name, NULL));   /* a syllable that is begun */
    assert_false(begins("བཀ་", name, NULL)); /* and one that is ended */
    assert_false(begins("བཀྲ་ཤི་", name, NULL));
    assert_false(begins("བཀྲཤིས", name, NULL));
    assert_false(begins("ཤིས", name, NULL));
}

/* ---- many people ---- */

static const struct people_place place = { { { 1 } }, "松谷乡鹤桥村" };
static const struct people       invented = { .seed = 7,
                                              .today = 20000,
                                              .days = PEOPLE_DAYS,
                                              .places = &place,
                                              .num_places = 1,
                                              .tibetan_permille = PEOPLE_TIBETAN_PERMILLE };

static bool finds_text(struct model_text text, const struct model_identity *identity)
{
    char typed[600];
    assert_true(text.size < sizeof typed);
    memcpy(typed, text.bytes, text.size);
    typed[text.size] = '\0';
    return finds(typed, identity);
}

static void test_everybody_is_found_by_what_they_are_called(void **state)
{
    (void) state;
    struct people_sample sample;
    for (uint64_t i = 0; i < 3000; i++) {
        people_generate(&invented, i, &sample);
        const struct model_identity *who = &sample.identity;
        assert_true(finds_text(who->name, who));
        assert_true(who->name_latin.bytes == NULL || finds_text(who->name_latin, who));
        assert_true(who->identifier.bytes == NULL || finds_text(who->identifier, who));
        assert_true(who->phone.bytes == NULL || finds_text(who->phone, who));
        struct person_prefix prefix;
        assert_ok(person_prefix_read(who->name.bytes, who->name.size, &prefix));
        assert_true(person_prefix_matches(&prefix, who));
        if (who->name_latin.bytes == NULL)
            continue;
        assert_ok(person_prefix_read(who->name_latin.bytes, 1, &prefix));
        assert_true(person_prefix_matches(&prefix, who));
        size_t last = who->name_latin.size; /* the last word alone */
        while (last > 0 && who->name_latin.bytes[last - 1] != ' ')
            last--;
        assert_ok(person_prefix_read(who->name_latin.bytes + last, who->name_latin.size - last, &prefix));
        assert_true(person_prefix_matches(&prefix, who));
    }
}

/* What a name begins with refuses most of them early: not those that begin with signs, digits, another writing. */
static void test_unusual_beginnings(void **state)
{
    (void) state;
    assert_true(begins("王", "王小明", "Wang Xiaoming"));
    assert_true(begins("王", " ·王小明", NULL));
    assert_true(begins(" 王", "王小明", NULL));
    assert_false(begins("李", "王小明", "Wang Xiaoming"));
    assert_true(begins("王", "李四", "王小明"));
    assert_true(begins("wang", "王小明", NULL));
    assert_true(begins("Wang", "李四", "Xiaoming WANG"));
    assert_true(begins("wang", "李四", "Xiaoming-Wang"));
    assert_false(begins("wang", "李四", "Xiaoming Li"));
    assert_true(begins("shan", "单雄", NULL)); /* as a surname */
    assert_true(begins("dan", "单雄", NULL));  /* and as read elsewhere */
    assert_false(begins("wo", "单雄", NULL));
    assert_true(begins("é", "李四", "Émile"));
    assert_true(begins("e", "李四", "e"));
    assert_true(begins("3", "李四", "3a"));
    assert_true(begins("3", "༣", NULL));
    assert_true(begins("b", "བཀྲ་ཤིས", "Bkra shis"));
    assert_false(begins("王", "བཀྲ་ཤིས", NULL));
    assert_true(begins("王", "王", NULL)); /* too short to be judged early */
    assert_true(begins("が", "が小明", NULL));
}

/* No form of anybody is a single character, the surname, its reading, or the birth date in any usual writing. */
static void test_nobody_has_a_form_that_may_not_be(void **state)
{
    (void) state;
    struct people_sample sample;
    for (uint64_t i = 0; i < 3000; i++) {
        struct arena        arena = ARENA_INIT;
        struct person_form *forms;
        size_t              num_forms, first = 0;
        people_generate(&invented, i, &sample);
        struct toc_civil birth = { 0 };
        char             dates[3][48], surname[5] = "";
        if (sample.identity.birth_date != MODEL_MISSING_DATE)
            birth = toc_date_to_civil(sample.identity.birth_date);
        sprintf(dates[0], "%04d%02d%02d", birth.year, birth.month, birth.day);
        sprintf(dates[1], "%04d-%02d-%02d", birth.year, birth.month, birth.day);
        sprintf(dates[2], "%d", birth.year);
        uint32_t    code = script_next(sample.identity.name.bytes, &first);
        const char *reading = script_reading(code);
        memcpy(surname, sample.identity.name.bytes, first);
        assert_ok(person_forms(&sample.identity, &china, &arena, &forms, &num_forms));
        assert_true(num_forms >= 1);
        for (size_t k = 0; k < num_forms; k++) {
            size_t one = 0;
            script_next(forms[k].bytes, &one);
            assert_true(forms[k].size > one);
            assert_string_not_equal(forms[k].bytes, surname);
            assert_true(reading == NULL || strcmp(forms[k].bytes, reading) != 0);
            for (size_t date = 0; date < 3; date++)
                assert_string_not_equal(forms[k].bytes, dates[date]);
        }
        arena_wipe(&arena);
    }
}

/* Any number of threads at once: the same forms as from one. */
static void *hash_forms(void *context)
{
    uint64_t *hash = context;
    for (uint64_t i = 0; i < 500; i++) {
        struct people_sample sample;
        struct arena         arena = ARENA_INIT;
        struct person_form  *forms;
        size_t               num_forms;
        people_generate(&invented, i, &sample);
        if (person_forms(&sample.identity, &china, &arena, &forms, &num_forms) != 0)
            num_forms = 0;
        for (size_t k = 0; k < num_forms; k++)
            *hash = *hash * 31 + text_hash(forms[k].bytes, forms[k].size);
        arena_wipe(&arena);
    }
    return NULL;
}

static void test_threads(void **state)
{
    (void) state;
    enum { THREADS = 4 };
    pthread_t threads[THREADS];
    uint64_t  hashes[THREADS] = { 0 };
    for (size_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, hash_forms, &hashes[i]), 0);
    for (size_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    for (size_t i = 0; i < THREADS; i++)
        assert_true(hashes[i] == hashes[0] && hashes[i] != 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_forms_of_a_person),
        cmocka_unit_test(test_one_name_however_it_is_written),
        cmocka_unit_test(test_surnames_are_read_as_surnames),
        cmocka_unit_test(test_the_usual_reading_counts_beside_the_surname),
        cmocka_unit_test(test_tibetan_names_in_han_characters),
        cmocka_unit_test(test_u_with_two_dots_is_u),
        cmocka_unit_test(test_words_of_an_alphabet_in_any_turn),
        cmocka_unit_test(test_no_form_of_a_surname_or_a_single_character),
        cmocka_unit_test(test_no_form_of_a_birth_date),
        cmocka_unit_test(test_a_character_without_a_reading),
        cmocka_unit_test(test_name_and_year_of_birth),
        cmocka_unit_test(test_identifiers),
        cmocka_unit_test(test_telephones),
        cmocka_unit_test(test_telephones_of_another_country),
        cmocka_unit_test(test_what_is_not_utf8_is_refused),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_no_memory),
        cmocka_unit_test(test_prefix_in_han),
        cmocka_unit_test(test_prefix_in_pinyin),
        cmocka_unit_test(test_prefix_of_words),
        cmocka_unit_test(test_prefix_in_tibetan),
        cmocka_unit_test(test_unusual_beginnings),
        cmocka_unit_test(test_everybody_is_found_by_what_they_are_called),
        cmocka_unit_test(test_threads),
        cmocka_unit_test(test_nobody_has_a_form_that_may_not_be),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
