/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/privacy_report.h"

#include <string.h>

#include "base/json_writer.h"
#include "model/access.h"
#include "model/model_schema.h"
#include "model/records.h"

enum { CLASSES = MODEL_CLASS_IDENTIFYING + 1 };

struct sentence {
    const char *text[2]; /* English, Chinese */
};

static const struct sentence recipients[] = {
    { { "Users of the department, in the roles and areas of their grants, as the table above says",
        "本部门用户（按授权的角色与地区，见上表）" } },
    { { "Receiving nodes of the same health administration: aggregates, or pseudonymous records whose ids are keyed "
        "for the "
        "receiver",
        "同一卫生健康系统的上级节点：汇总数据，或以接收方密钥处理标识的假名化记录" } },
    { { "The public: tables with small cells suppressed; never a record", "公众：经小格抑制的统计表，绝无个案" } },
    { { "No police, security, immigration, employer or insurer, as user, purpose, recipient or connector",
        "不向公安、安全、移民、雇主或保险机构提供：不设其用户、目的、接收方或接口" } },
};

static const struct sentence measures[] = {
    { { "Identifying fields are encrypted with a key a person; node keys lie outside the database and its backups",
        "识别性字段按人加密，节点密钥不在数据库及其备份内" } },
    { { "Erasure destroys the person's key: at once in the live database, in backups when the last one made under it "
        "expires",
        "删除即销毁个人密钥：在用数据库立即生效，备份在到期后生效" } },
    { { "Reading an identity needs a role, a purpose and a second factor, and is audited before it is shown",
        "查看身份须有角色、目的与第二因素，先留痕后显示" } },
    { { "People can learn who looked: role, purpose, time, office", "本人可查询谁看过：角色、目的、时间、机构" } },
    { { "Access beyond the grants needs a reason, lasts an hour and is shown to the supervisor",
        "越权访问须说明理由，限一小时，并通知负责人" } },
    { { "The audit trail is a chain of hashes whose head is signed and sent out",
        "审计记录为哈希链，其首部签名并外送" } },
    { { "Exports carry no identifying field and no proxy of origin or belief",
        "导出不含识别性字段及出身、信仰的替代指标" } },
    { { "Never collected: ethnicity, religion, political opinion, sexual orientation, criminal record, biometrics, "
        "traces of "
        "phones, cameras or payments",
        "从不采集：民族、宗教、政治观点、性取向、犯罪记录、生物特征、手机、摄像头或支付轨迹" } },
};

static const struct sentence to_fill_in[] = {
    { { "Controller, its address, its data-protection officer", "个人信息处理者名称、地址、个人信息保护负责人" } },
    { { "Legal basis of each purpose", "各目的的法律依据" } },
    { { "Where the servers stand, who operates them", "服务器所在地与运维单位" } },
    { { "How people are told (notice, language, place)", "告知方式（文本、语言、地点）" } },
};

static const struct sentence assessment[] = {
    { { "Is each purpose needed, and is there a way with less data?", "各目的是否必要，能否以更少数据实现？" } },
    { { "Who might be harmed, how, how likely, how badly? (disclosure to neighbours or employers, stigma, wrong "
        "quarantine)",
        "可能对谁造成何种损害、可能性与严重程度如何？（泄露给邻里或雇主、污名化、错误的隔离医学观察）" } },
    { { "Which of the measures above lessens it, and what is left?", "上述措施如何降低风险，剩余风险为何？" } },
    { { "Children, people who cannot read, people without a telephone: what changes for them?",
        "儿童、不识字者、无电话者：有何特别考虑？" } },
    { { "What did the people concerned, and those who work with it, say?", "受影响者与使用者的意见" } },
    { { "Decision, by whom, when to be looked at again", "结论、决定人、复评日期" } },
};

#define LENGTH(array) (sizeof(array) / sizeof *(array))

static const char *name_of(const struct model_lists *lists, const char *list, const char *code,
                           enum model_language language)
{
    const struct model_entry *entry = lists != NULL ? model_lists_find(lists, list, code, strlen(code)) : NULL;
    return entry != NULL ? model_entry_name(entry, language) : code;
}

static void count_classes(const struct model_record *record, size_t counts[CLASSES])
{
    memset(counts, 0, CLASSES * sizeof *counts);
    for (size_t i = 0; i < record->num_fields; i++)
        counts[record->fields[i].class]++;
}

/* ---- Markdown ---- */

struct report {
    struct sink              *sink;
    const struct model_lists *lists;
    enum model_language       language;
};

static const char *say(const struct report *report, const char *english, const char *chinese)
{
    return report->language == MODEL_CHINESE ? chinese : english;
}

static void title(const struct report *report, const char *english, const char *chinese)
{
    sink_format(report->sink, "\n## %s\n\n", say(report, english, chinese));
}

static void bullets(const struct report *report, const struct sentence *sentences, size_t num, const char *before)
{
    for (size_t i = 0; i < num; i++)
        sink_format(report->sink, "- %s%s\n", before, sentences[i].text[report->language == MODEL_CHINESE]);
}

static void write_records(const struct report *report)
{
    size_t                     num, counts[CLASSES];
    const struct model_record *records = model_records(&num);
    title(report, "What is kept", "保存的记录");
    sink_format(report->sink, "| %s | open | routine | sensitive | identifying | %s |\n|---|---|---|---|---|---|\n",
                say(report, "record", "记录"), say(report, "kept for", "保存期限"));
    for (size_t i = 0; i < num; i++) {
        count_classes(&records[i], counts);
        sink_format(report->sink, "| %s (`%s`)", say(report, records[i].title_en, records[i].title_zh),
                    records[i].name);
        for (size_t c = 0; c < CLASSES; c++)
            sink_format(report->sink, " | %zu", counts[c]);
        if (records[i].retained_from != NULL)
            sink_format(report->sink, " | %ld %s `%s` |\n", records[i].retained_days,
                        say(report, "days after", "天，自"), records[i].retained_from);
        else
            sink_format(report->sink, " | %s |\n", say(report, "as long as the law says; fill in", "依法确定，请填写"));
    }
}

static void write_fields(const struct report *report)
{
    size_t                     num;
    const struct model_record *records = model_records(&num);
    title(report, "Identifying and sensitive fields", "识别性与敏感字段");
    for (size_t i = 0; i < num; i++) {
        bool any = false;
        for (size_t j = 0; j < records[i].num_fields; j++) {
            const struct model_field *field = &records[i].fields[j];
            if (field->class < MODEL_CLASS_SENSITIVE)
                continue;
            sink_format(report->sink, any ? ", %s%s" : "- %s",
                        any ? "" : say(report, records[i].title_en, records[i].title_zh), "");
            if (!any)
                sink_text(report->sink, ": ");
            sink_format(report->sink, "%s%s%s", field->class == MODEL_CLASS_IDENTIFYING ? "**" : "",
                        say(report, field->label_en, field->label_zh),
                        field->class == MODEL_CLASS_IDENTIFYING ? "**" : "");
            any = true;
        }
        if (any)
            sink_character(report->sink, '\n');
    }
    sink_format(report->sink, "\n%s\n", say(report, "Bold: identifying, encrypted.", "粗体：识别性字段，加密保存。"));
}

/* Which records' identities a role reads for a purpose; returns whether there is one. */
static bool put_identities(const struct report *report, int role, int purpose)
{
    size_t                     num;
    const struct model_record *records = model_records(&num);
    const struct access        who = { .role = (enum access_role) role, .purpose = (enum access_purpose) purpose };
    bool                       any = false;
    for (size_t i = 0; i < num; i++) {
        if (!access_may_identify(&who, &records[i]))
            continue;
        if (!any)
            sink_format(report->sink, "| %s | %s | ",
                        name_of(report->lists, "role", access_role_word(who.role), report->language),
                        name_of(report->lists, "purpose", access_purpose_word(who.purpose), report->language));
        sink_format(report->sink, "%s%s", any ? ", " : "", say(report, records[i].title_en, records[i].title_zh));
        any = true;
    }
    if (any)
        sink_text(report->sink, " |\n");
    return any;
}

static void write_purposes(const struct report *report)
{
    title(report, "Who reads identities, and what for", "谁为何目的查看身份");
    sink_format(report->sink, "| %s | %s | %s |\n|---|---|---|\n", say(report, "role", "角色"),
                say(report, "purpose", "目的"), say(report, "records", "记录"));
    for (int role = 1; role < ACCESS_NUM_ROLES; role++)
        for (int purpose = 1; purpose < ACCESS_NUM_PURPOSES; purpose++)
            (void) put_identities(report, role, purpose);
    sink_format(report->sink, "\n%s\n",
                say(report, "Nobody else reads an identity, and nobody without naming the purpose.",
                    "其他任何人不得查看身份；不说明目的者亦不得查看。"));
}

void privacy_report_markdown(struct sink *sink, const struct model_lists *lists, enum model_language language)
{
    const struct report report = { sink, lists, language };
    const char         *blank = say(&report, "(fill in) ", "（请填写）");
    sink_format(
        sink, "# %s\n\n%s\n", say(&report, "Record of processing activities", "个人信息处理活动记录"),
        say(&report, "Written from the program's own description of its data.", "依据本系统的数据描述自动生成。"));
    title(&report, "To be filled in by the department", "由本部门填写");
    bullets(&report, to_fill_in, LENGTH(to_fill_in), blank);
    write_records(&report);
    write_fields(&report);
    write_purposes(&report);
    title(&report, "Recipients", "接收方");
    bullets(&report, recipients, LENGTH(recipients), "");
    title(&report, "Measures", "保护措施");
    bullets(&report, measures, LENGTH(measures), "");
    sink_format(sink, "\n# %s\n\n%s\n", say(&report, "Impact assessment (skeleton)", "个人信息保护影响评估（提纲）"),
                say(&report, "What is processed, for whom and how it is protected stands above.",
                    "处理内容、对象与保护措施见上。"));
    title(&report, "Questions", "评估问题");
    bullets(&report, assessment, LENGTH(assessment), blank);
}

/* ---- JSON ---- */

static void put_sentences(struct json_writer *json, const char *name, const struct sentence *sentences, size_t num)
{
    json_key(json, name);
    json_begin_array(json);
    for (size_t i = 0; i < num; i++) {
        json_begin_object(json);
        json_member(json, "en", sentences[i].text[0]);
        json_member(json, "zh", sentences[i].text[1]);
        json_end(json);
    }
    json_end(json);
}

static void put_record(struct json_writer *json, const struct model_record *record)
{
    json_begin_object(json);
    json_member(json, "record", record->name);
    json_member(json, "title_en", record->title_en);
    json_member(json, "title_zh", record->title_zh);
    json_key(json, "retained_days");
    if (record->retained_from != NULL)
        json_put_integer(json, record->retained_days);
    else
        json_put_null(json);
    json_key(json, "fields");
    json_begin_array(json);
    for (size_t i = 0; i < record->num_fields; i++) {
        json_begin_object(json);
        json_member(json, "field", record->fields[i].name);
        json_member(json, "class", model_class_word(record->fields[i].class));
        json_member(json, "label_en", record->fields[i].label_en);
        json_member(json, "label_zh", record->fields[i].label_zh);
        json_end(json);
    }
    json_end(json);
    json_end(json);
}

static void put_identity_rule(struct json_writer *json, const struct model_lists *lists, const struct access *who,
                              const struct model_record *record)
{
    const char *role = access_role_word(who->role), *purpose = access_purpose_word(who->purpose);
    json_begin_object(json);
    json_member(json, "role", role);
    json_member(json, "role_en", name_of(lists, "role", role, MODEL_ENGLISH));
    json_member(json, "role_zh", name_of(lists, "role", role, MODEL_CHINESE));
    json_member(json, "purpose", purpose);
    json_member(json, "purpose_en", name_of(lists, "purpose", purpose, MODEL_ENGLISH));
    json_member(json, "purpose_zh", name_of(lists, "purpose", purpose, MODEL_CHINESE));
    json_member(json, "record", record->name);
    json_end(json);
}

void privacy_report_json(struct sink *sink, const struct model_lists *lists)
{
    struct json_writer         json;
    size_t                     num;
    const struct model_record *records = model_records(&num);
    json_writer_init(&json, sink);
    json_begin_object(&json);
    json_key(&json, "records");
    json_begin_array(&json);
    for (size_t i = 0; i < num; i++)
        put_record(&json, &records[i]);
    json_end(&json);
    json_key(&json, "identities");
    json_begin_array(&json);
    for (int role = 1; role < ACCESS_NUM_ROLES; role++)
        for (int purpose = 1; purpose < ACCESS_NUM_PURPOSES; purpose++)
            for (size_t i = 0; i < num; i++) {
                const struct access who = { .role = (enum access_role) role, .purpose = (enum access_purpose) purpose };
                if (access_may_identify(&who, &records[i]))
                    put_identity_rule(&json, lists, &who, &records[i]);
            }
    json_end(&json);
    put_sentences(&json, "recipients", recipients, LENGTH(recipients));
    put_sentences(&json, "measures", measures, LENGTH(measures));
    put_sentences(&json, "to_fill_in", to_fill_in, LENGTH(to_fill_in));
    put_sentences(&json, "assessment", assessment, LENGTH(assessment));
    json_end(&json);
    sink_character(sink, '\n');
}
