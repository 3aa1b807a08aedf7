/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/formats/report.h: what one transmission says, before anything is linked to a person or stored.
 *
 * Every door fills the same report: an HL7 v2 message, a FHIR bundle, a row of a table. What follows (linkage, storing,
 * rules, acknowledgements) reads the report and never asks which door it came by. A report says what the sender said:
 * nothing is added, nothing is corrected, and what was not understood is a fault with its place.
 *
 * Texts are views, most of them into the bytes of the transmission; the rest, and all arrays, lie in the report's arena
 * and live as long as it. The bytes must outlive the report. Records refer to each other by index (REPORT_NONE = none),
 * because the arrays grow: a pointer from report_add_… holds until the next call of the same function.
 *
 * Denied fields (race, ethnicity, religion and the like) have no place in these structs. Readers do not map them; they
 * add where they lie to `denied`, so that a page can strike them out.
 */
#ifndef FORMATS_REPORT_H
#define FORMATS_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/arena.h"
#include "base/json_writer.h"
#include "base/text.h"

#define REPORT_NONE UINT32_MAX

/* ---- limits: of one report; one past is a fault of rule REPORT_LIMIT and the rest is left out, never silently ---- */
#define REPORT_MAX_FAULTS 1000 /* kept; the rest is counted */
#define REPORT_MAX_SUBJECTS 10000
#define REPORT_MAX_RESULTS 50000 /* as many visits, orders, specimens, diagnoses, answers */
#define REPORT_MAX_PARTS 64      /* codings of a concept; names, identifiers, addresses, telephones of a subject */

/* ---- the smallest parts ---- */

/* A text as it was sent, escapes resolved; UTF-8, not ended by '\0'.
 * bytes == NULL              not sent
 * bytes != NULL, size == 0   sent as known to be empty (HL7's ""): an update clears what was there */
struct report_text {
    const char *bytes;
    size_t      size;
};

static inline bool report_text_is_given(struct report_text text)
{
    return text.size > 0;
}

enum report_precision {
    REPORT_TIME_MISSING, /* not sent, or not understood (then a fault says so, and `sent` has the text) */
    REPORT_YEAR,
    REPORT_MONTH,
    REPORT_DAY,
    REPORT_HOUR,
    REPORT_MINUTE,
    REPORT_SECOND,
    REPORT_FRACTION
};

/* A date or time with as much precision as was said. A date is a local date and has no zone; a time whose zone was not
 * said stays so. Parts finer than the precision are 0. */
struct report_time {
    struct report_text sent;
    int32_t            microsecond;
    int16_t            year;
    int8_t             month, day, hour, minute, second;
    uint8_t            precision;    /* enum report_precision */
    bool               zone_known;   /* zone_minutes holds */
    int16_t            zone_minutes; /* east of Greenwich */
};

/* A code's system, recognised by any of the names that senders use for it (share/intake/systems.csv). */
enum report_code_system {
    REPORT_SYSTEM_UNKNOWN, /* not sent, or a name that the table lacks: `system_sent` has it */
    REPORT_LOINC,
    REPORT_SNOMED_CT,
    REPORT_UCUM,
    REPORT_ICD_10, /* with its national editions */
    REPORT_ICD_9,
    REPORT_HL7_TABLE,
    REPORT_NND,   /* conditions notified to a national office (United States) */
    REPORT_PHIN,  /* questions and answers of its public-health messages */
    REPORT_LOCAL, /* said to be the sender's own: L, 99zzz */
    REPORT_NUM_SYSTEMS
};

struct report_code {
    struct report_text code, display;
    struct report_text system_sent; /* name, OID or URI, as sent */
    uint8_t            system;      /* enum report_code_system */
};

/* One meaning, coded in any number of systems (HL7 CWE: up to three), and the text that was typed. */
struct report_concept {
    struct report_code *codings;
    uint32_t            num_codings;
    struct report_text  text; /* original text, where no code could say it */
};

/* Name and number of an authority, organisation or application (HL7 HD, XON; FHIR system + value). */
struct report_source {
    struct report_text name;
    struct report_text id;      /* OID, CLIA, URI … */
    struct report_text id_kind; /* "ISO", "CLIA", "NPI", "UUID" … */
};

/* ---- faults ---- */

enum report_severity {
    REPORT_INFORMATION, /* accepted as it is; worth telling the sender */
    REPORT_WARNING,     /* a value was left out or read by a rule that may be wrong; the rest is used */
    REPORT_ERROR,       /* a part (a result, a row, a message of a batch) cannot be used */
    REPORT_FATAL        /* the transmission cannot be used at all */
};

enum report_rule {
    REPORT_STRUCTURE = 1, /* a segment, resource or column where none may be, or missing where one must be */
    REPORT_REQUIRED,      /* a value that must be there is not */
    REPORT_TYPE,          /* not a number, date, code … */
    REPORT_VALUE,         /* of the right kind, but impossible or not in the table */
    REPORT_ORDER,         /* collected after reported, in the future … */
    REPORT_UNKNOWN_CODE,  /* a code that no table here knows: for a person to review */
    REPORT_ENCODING,      /* bytes that are not of the declared character set */
    REPORT_LIMIT,         /* larger, deeper or more than allowed */
    REPORT_UNSUPPORTED,   /* a type, event or version that is not read here */
    REPORT_REPEATED,      /* says again what was said */
    REPORT_DENIED,        /* may not be collected, and was left out */
    REPORT_INVARIANT      /* values that the standard does not allow beside each other */
};

/* Where: in HL7 segment … subcomponent, in FHIR a path, in a table row and column. Zero or NULL = does not apply. */
struct report_place {
    char        segment[4];   /* "PID" */
    uint32_t    sequence;     /* of segments with this name in the message; 1 = first */
    uint32_t    field;        /* 1 … */
    uint32_t    repetition;   /* 1 … */
    uint32_t    component;    /* 1 … */
    uint32_t    subcomponent; /* 1 … */
    const char *path;         /* FHIRPath with indexes: "Bundle.entry[3].resource.status" */
    const char *column_name;
    uint64_t    row; /* 1 = first, as spreadsheets count: the header is a row */
    uint32_t    column;
    size_t      offset; /* of the first byte in the transmission; for all doors */
};

#define REPORT_FOUND_BYTES 80 /* of an untrusted value, that a fault keeps a view of */
struct report_fault {
    uint8_t             severity; /* enum report_severity */
    uint8_t             rule;     /* enum report_rule */
    struct report_place place;
    struct report_text  found; /* as sent, cut at REPORT_FOUND_BYTES; may be identifying: never logged */
    const char         *what;  /* a clause without values: "the month lies outside 01 … 12". In the arena or static */
    const char         *allowed; /* what would have been accepted, or NULL */
};

/* Bytes of the transmission, as decoded to UTF-8, that may not be shown. */
struct report_range {
    size_t offset, size;
};

/* ---- whom and what it is about ---- */

enum report_subject_kind {
    REPORT_PERSON,
    REPORT_POOL, /* a tube that holds several persons' specimens */
    REPORT_ANIMAL,
    REPORT_ENVIRONMENT, /* surfaces, water, air, food, wastewater */
    REPORT_QUALITY_CONTROL,
    REPORT_NUM_SUBJECT_KINDS
};

struct report_identifier {
    struct report_text   value;
    struct report_source authority; /* identity is (authority, value), never the bare number */
    struct report_text   kind;      /* HL7 table 0203 as sent: "MR", "PI", "SS" …; FHIR type code; "" = not said */
    struct report_source facility;
};

enum report_name_use {
    REPORT_NAME_UNSPECIFIED,
    REPORT_NAME_LEGAL,
    REPORT_NAME_BIRTH,
    REPORT_NAME_DISPLAY, /* usual, called */
    REPORT_NAME_ALIAS,
    REPORT_NAME_PSEUDONYM
};

struct report_name {
    uint8_t            use; /* enum report_name_use */
    struct report_text family, given, further, prefix, suffix;
    struct report_text whole;          /* where a sender gives one string */
    struct report_text representation; /* I ideographic, A alphabetic, P phonetic; "" = not said */
};

struct report_address {
    struct report_text use; /* as sent: "H", "home" … */
    struct report_text street, other, city, county, state, postcode, country;
    struct report_text area_code; /* of an area list, where the sender gives one */
};

enum report_telecom_kind { REPORT_TELEPHONE, REPORT_MOBILE, REPORT_FAX, REPORT_MAIL, REPORT_TELECOM_OTHER };

struct report_telecom {
    uint8_t            kind; /* enum report_telecom_kind */
    struct report_text use;
    struct report_text number; /* with country and area code where given in parts: digits and + only; or an address */
};

enum report_sex { REPORT_SEX_NOT_SENT, REPORT_MALE, REPORT_FEMALE, REPORT_SEX_OTHER, REPORT_SEX_UNKNOWN };
enum report_flag { REPORT_FLAG_NOT_SENT, REPORT_YES, REPORT_NO, REPORT_FLAG_UNKNOWN };

struct report_subject {
    uint8_t                   kind; /* enum report_subject_kind */
    struct report_identifier *identifiers;
    uint32_t                  num_identifiers;
    struct report_name       *names; /* only those that are names: REDACTED and empty pseudonyms are left out */
    uint32_t                  num_names;
    struct report_time        birth;
    uint8_t                   sex; /* enum report_sex */
    struct report_text        sex_sent;
    struct report_address    *addresses;
    uint32_t                  num_addresses;
    struct report_telecom    *telecoms;
    uint32_t                  num_telecoms;
    uint8_t                   deceased; /* enum report_flag */
    struct report_time        death;
    struct report_concept     species, breed; /* animals */
    double                    age;            /* NaN = not sent as such */
    struct report_text        age_unit;       /* UCUM as sent: "a", "mo", "d" */
    uint32_t                  num_pooled;     /* how many specimens the tube holds; 0 = not said */
};

/* ---- values ---- */

enum report_value_kind {
    REPORT_VALUE_NONE,
    REPORT_VALUE_TEXT,
    REPORT_VALUE_CODED,
    REPORT_VALUE_NUMBER, /* with comparator: "<10" */
    REPORT_VALUE_RANGE,  /* number … high */
    REPORT_VALUE_RATIO,  /* number : high ("1:80") */
    REPORT_VALUE_TIME,
    REPORT_VALUE_DOCUMENT, /* an embedded file: kept with the raw bytes only */
    REPORT_VALUE_OTHER     /* kept as text */
};

struct report_value {
    uint8_t            kind;          /* enum report_value_kind */
    char               comparator[3]; /* "", "<", "<=", ">", ">=", "=" */
    bool               plus;          /* "1+": graded */
    struct report_text sent;          /* as it stands in the transmission (of the first repetition) */
    struct report_concept concept;
    double                number, high; /* NaN = none */
    struct report_concept unit;
    struct report_time    time;
};

/* ---- what was done and found ---- */

struct report_order {
    uint32_t              subject, visit;               /* indexes; REPORT_NONE = none */
    struct report_text    placer_number, filler_number; /* the filler's is the laboratory's accession number */
    struct report_source  placer, filler;               /* who gave the numbers */
    struct report_text    control;                      /* HL7 ORC-1 */
    struct report_concept service;                      /* what was asked for */
    struct report_concept reason;
    uint8_t               status; /* enum report_status of the whole order */
    struct report_text    status_sent;
    struct report_time    ordered, collected, collected_end, received, reported;
    struct report_source  ordering_facility;
    struct report_address ordering_facility_address;
    struct report_telecom ordering_facility_telephone;
    struct report_text    provider_family, provider_given;
    struct report_source  provider;
    struct report_telecom provider_telephone;
};

struct report_specimen {
    uint32_t              subject, order;
    uint8_t               kind; /* enum report_subject_kind: what the tube is of; POOL even where a person is named */
    struct report_text    placer_number, filler_number;
    struct report_concept material, site, role, reject_reason, condition;
    struct report_time    collected, collected_end, received;
    uint32_t              num_pooled; /* 0 = not said */
    bool                  group;      /* SPM-11 L or G, or pooled by another rule: a finding on the tube */
};

enum report_status {
    REPORT_STATUS_UNKNOWN, /* not sent or not understood: for review */
    REPORT_PRELIMINARY,
    REPORT_FINAL,
    REPORT_CORRECTED,
    REPORT_CANCELLED,        /* no result, now or later */
    REPORT_ENTERED_IN_ERROR, /* retracted */
    REPORT_NOT_A_RESULT,     /* an order's detail or an answer */
    REPORT_NUM_STATUSES
};

enum report_interpretation {
    REPORT_NOT_UNDERSTOOD, /* to the review queue, never away */
    REPORT_DETECTED,
    REPORT_NOT_DETECTED,
    REPORT_INCONCLUSIVE,
    REPORT_INVALID,
    REPORT_REJECTED, /* the specimen was not fit */
    REPORT_MEASURED, /* a quantity that says neither: a blood count, a cycle threshold alone */
    REPORT_NUM_INTERPRETATIONS
};

/* By what the interpretation was decided; the first that decides wins. */
enum report_decision {
    REPORT_BY_NOTHING,
    REPORT_BY_CODE,         /* a result code (SNOMED CT, LOINC answer) */
    REPORT_BY_FLAG,         /* the abnormal flag */
    REPORT_BY_NUMBER,       /* the number against the reference range or the limit of detection */
    REPORT_BY_TEXT,         /* words: "Detected", "Neg" */
    REPORT_BY_ORGANISM,     /* the value names what was found */
    REPORT_BY_SENDER_TABLE, /* what this sender means by it */
    REPORT_BY_STATUS        /* cancelled or rejected */
};

struct report_result {
    uint32_t              subject, order, specimen; /* indexes; REPORT_NONE = none */
    uint32_t              sequence;                 /* of the segment or resource in the transmission; 1 = first */
    uint8_t               status;                   /* enum report_status */
    uint8_t               interpretation;           /* enum report_interpretation */
    uint8_t               decided_by;               /* enum report_decision */
    bool                  pooled;                   /* a finding on a tube: presumptive, never a case */
    bool                  quality_control;          /* never counts */
    struct report_text    status_sent;
    struct report_concept test; /* what was looked for, and how */
    struct report_text    sub_id;
    struct report_value   value;
    struct report_concept flags; /* abnormal flags, each a coding */
    struct report_text    reference_range;
    const char           *target;          /* code of share/lists/test_target.csv; NULL = not known */
    const char           *disease;         /* code of share/lists/disease.csv; NULL = not known */
    const char           *method;          /* code of share/lists/test_method.csv; NULL = not known */
    double                cycle_threshold; /* NaN = none */
    struct report_text    kit;             /* device or kit, as named */
    struct report_concept method_sent;
    struct report_time    observed, analysed;
    struct report_source  laboratory;
    struct report_address laboratory_address;
    struct report_text    comment; /* of the laboratory: the first note */
};

/* What a visit was for, or what a card or line list says of a case. */
enum report_diagnosis_kind {
    REPORT_DIAGNOSIS_UNSPECIFIED,
    REPORT_ADMITTING,
    REPORT_WORKING,
    REPORT_FINAL_DIAGNOSIS,
    REPORT_NOTIFIED /* the condition that the transmission notifies */
};

struct report_diagnosis {
    uint32_t              subject, visit;
    uint8_t               kind; /* enum report_diagnosis_kind */
    struct report_concept condition;
    const char           *disease;        /* code of share/lists/disease.csv; NULL = not known */
    const char           *classification; /* code of share/lists/case_classification.csv; NULL = not said */
    struct report_time    onset, diagnosed;
};

enum report_visit_event {
    REPORT_VISIT_OTHER,
    REPORT_ADMITTED,       /* A01 */
    REPORT_DISCHARGED,     /* A03 */
    REPORT_REGISTERED,     /* A04 */
    REPORT_UPDATED,        /* A08 */
    REPORT_CANCELLED_VISIT /* A11, A13 … */
};

/* A visit's key is facility + number (+ the subject's identifiers). Later messages update it: what is valued
 * overwrites, what is not sent stays, what is sent empty clears. */
struct report_visit {
    uint32_t                 subject;
    uint8_t                  event; /* enum report_visit_event */
    struct report_identifier number;
    struct report_source     facility;
    struct report_concept    facility_kind;
    struct report_text       class_sent; /* HL7 PV1-2: "E", "I", "O" */
    struct report_time       admitted, discharged, recorded;
    struct report_text       disposition;
    struct report_concept    reason; /* chief complaint */
    struct report_text       note;   /* triage note */
    double                   temperature;
    struct report_text       temperature_unit;
    double                   oxygen_saturation_percent;
};

enum report_question {
    REPORT_QUESTION_OTHER, /* the code says which */
    REPORT_ONSET,
    REPORT_SYMPTOMATIC,
    REPORT_SYMPTOM,
    REPORT_PREGNANT,
    REPORT_HOSPITALISED,
    REPORT_INTENSIVE_CARE,
    REPORT_FIRST_TEST,
    REPORT_HEALTH_WORKER,
    REPORT_CONGREGATE_SETTING,
    REPORT_CONGREGATE_KIND,
    REPORT_AGE,
    REPORT_VACCINATED,
    REPORT_DIED,
    REPORT_TRAVELLED,
    REPORT_OCCUPATION,
    REPORT_CLASSIFICATION,
    REPORT_DIAGNOSED,
    REPORT_NUM_QUESTIONS
};

/* An answer to a question that was asked with the order. Never a result. */
struct report_answer {
    uint32_t              subject, order, visit;
    uint8_t               question; /* enum report_question */
    uint8_t               flag;     /* enum report_flag, where the answer is one */
    struct report_concept asked;
    struct report_value   value;
};

/* ---- the whole ---- */

enum report_processing {
    REPORT_PROCESSING_NOT_SENT, /* the sender's profile decides */
    REPORT_LIVE,
    REPORT_TEST /* also training and debugging: never makes a live case */
};

struct report {
    struct arena *arena;
    const char   *bytes; /* the transmission, as decoded to UTF-8; views point into it or into the arena */
    size_t        size;

    struct report_source application, facility;                     /* the sender, as sent */
    struct report_source receiving_application, receiving_facility; /* whom it was meant for */
    struct report_text   control_id;
    struct report_text   kind;    /* "ORU^R01", "Bundle/message", "table" */
    struct report_text   version; /* "2.5.1" */
    struct report_text   profile;
    uint8_t              processing; /* enum report_processing */
    struct report_text   processing_sent;
    struct report_time   sent; /* when the sender made it */

    struct report_subject   *subjects;
    struct report_visit     *visits;
    struct report_order     *orders;
    struct report_specimen  *specimens;
    struct report_result    *results;
    struct report_diagnosis *diagnoses;
    struct report_answer    *answers;
    struct report_fault     *faults;
    struct report_range     *denied;
    uint32_t num_subjects, num_visits, num_orders, num_specimens, num_results, num_diagnoses, num_answers;
    uint32_t num_faults; /* kept */
    uint32_t num_denied;
    uint32_t room_subjects, room_visits, room_orders, room_specimens, room_results, room_diagnoses, room_answers;
    uint32_t room_faults, room_denied;

    uint64_t num_all_faults;   /* with those that were only counted */
    uint32_t num_not_detected; /* final or corrected results of that interpretation that count: tests, not cases */
    uint8_t  limits_told;      /* internal */
    uint8_t  worst;            /* enum report_severity of the worst fault; meaningful where num_all_faults > 0 */
    bool     out_of_memory;    /* an addition failed: the report is not whole and must not be used */
};

/* An empty report over these bytes. */
void report_init(struct report *report, struct arena *arena, const char *bytes, size_t size);

/* Add a record with every index REPORT_NONE and every number NaN or 0. Returns it, its index being the count before;
 * NULL where there is no memory (out_of_memory is set) or the limit is reached (a fault says so once). */
struct report_subject   *report_add_subject(struct report *report);
struct report_visit     *report_add_visit(struct report *report);
struct report_order     *report_add_order(struct report *report);
struct report_specimen  *report_add_specimen(struct report *report);
struct report_result    *report_add_result(struct report *report);
struct report_diagnosis *report_add_diagnosis(struct report *report);
struct report_answer    *report_add_answer(struct report *report);
void                     report_add_denied(struct report *report, size_t offset, size_t size);

/* Add a fault; `what` and `allowed` are static or in the arena. Faults beyond REPORT_MAX_FAULTS are only counted. */
void report_add_fault(struct report *report, enum report_severity severity, enum report_rule rule,
                      struct report_place place, struct report_text found, const char *what, const char *allowed);

/* Can the transmission be used: no fatal fault, and all memory that it asked for. */
bool report_is_usable(const struct report *report);

/* Count num_not_detected; a reader calls it last. */
void report_count(struct report *report);

/* ---- parts ---- */

/* A view of a text that ends with '\0'. */
struct report_text report_text_of(const char *text);

/* Bytes alike; ASCII letters alike. Here, so that the length of a word in the source costs nothing. */
static inline bool report_text_equals(struct report_text text, const char *word)
{
    return strlen(word) == text.size && (text.size == 0 || memcmp(text.bytes, word, text.size) == 0);
}

static inline bool report_text_equals_nocase(struct report_text text, const char *word)
{
    return strlen(word) == text.size && text_equal_nocase(text.bytes, text.size, word, text.size);
}

/* The time in the form that the store keeps (base/instant.h): 2026-11-22T10:30:05+08:00; with less precision
 * shorter, down to 2026. A fraction of a second is left out. Returns the length, 0 where it is missing. */
#define REPORT_TIME_BYTES 32
size_t report_time_to_text(const struct report_time *time, char text[REPORT_TIME_BYTES]);

/* Is the day in the calendar? Used by all readers; sets what was wrong as a clause. */
bool report_time_check(const struct report_time *time, const char **what);

/* a before b (-1), after (1), the same or not comparable at their common precision (0). A known zone is taken into
 * account only where both have one. */
int report_time_compare(const struct report_time *a, const struct report_time *b);

/* The coding of this system, or NULL. */
const struct report_code *report_concept_coding(const struct report_concept *concept, enum report_code_system system);
bool                      report_concept_is_given(const struct report_concept *concept);

/* Words of the enums, as NDJSON and the reference lists have them: "not-detected", "final", "person"; static. */
const char *report_interpretation_word(enum report_interpretation interpretation);
const char *report_status_word(enum report_status status);
const char *report_subject_kind_word(enum report_subject_kind kind);
const char *report_decision_word(enum report_decision decision);
const char *report_system_word(enum report_code_system system);
const char *report_severity_word(enum report_severity severity);
const char *report_rule_word(enum report_rule rule);
const char *report_question_word(enum report_question question);

/* Where a fault is, as people write it: "PID-3[2].1", "OBX(4)-5", a FHIRPath, "row 7, column C (birth)". Returns its
 * length; always ends with '\0'. */
#define REPORT_PLACE_BYTES 256
size_t report_place_to_text(const struct report_place *place, char text[REPORT_PLACE_BYTES]);

/* The whole report as one JSON object (docs/intake.md describes it), identifying fields included: for the sender's own
 * eyes and for tests. Members that were not sent are left out. */
void report_write_json(const struct report *report, struct json_writer *json);

/* The member "faults" alone, of an object that is being written; nothing where there are none. */
void report_write_faults(const struct report *report, struct json_writer *json);

#endif
