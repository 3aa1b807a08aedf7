-- SPDX-License-Identifier: GPL-3.0-or-later
-- Written by ./dev migration. Words in braces: src/store/db_sql.c.
CREATE TABLE "area" (
  "id" {id} NOT NULL,
  "version" {integer} NOT NULL,
  "created" {integer} NOT NULL,
  "updated" {integer} NOT NULL,
  "code" {text} NOT NULL DEFAULT '',
  "level" {integer} NOT NULL,
  "parent" {id},
  "name_en" {text} NOT NULL DEFAULT '',
  "name_zh" {text} NOT NULL DEFAULT '',
  "name_bo" {text} NOT NULL DEFAULT '',
  "valid_from" {text} NOT NULL DEFAULT '',
  "valid_to" {text} NOT NULL DEFAULT '',
  "successor" {id},
  "centre_latitude" {real},
  "centre_longitude" {real},
  PRIMARY KEY ("id")){keyed};
CREATE UNIQUE INDEX "area_code" ON "area" ("code","valid_from");

CREATE TABLE "reference_set" (
  "id" {id} NOT NULL,
  "version" {integer} NOT NULL,
  "created" {integer} NOT NULL,
  "updated" {integer} NOT NULL,
  "kind" {text} NOT NULL DEFAULT '',
  "name" {text} NOT NULL DEFAULT '',
  "edition" {text} NOT NULL DEFAULT '',
  "source" {text} NOT NULL DEFAULT '',
  "valid_from" {text} NOT NULL DEFAULT '',
  "digest" {bytes} NOT NULL,
  "num_rows" {integer} NOT NULL,
  "loaded" {integer} NOT NULL,
  "loaded_by" {id},
  PRIMARY KEY ("id")){keyed};
CREATE UNIQUE INDEX "reference_set_edition" ON "reference_set" ("kind","name","edition");

CREATE TABLE "code" (
  "id" {id} NOT NULL,
  "version" {integer} NOT NULL,
  "created" {integer} NOT NULL,
  "updated" {integer} NOT NULL,
  "list" {text} NOT NULL DEFAULT '',
  "code" {text} NOT NULL DEFAULT '',
  "name_en" {text} NOT NULL DEFAULT '',
  "name_zh" {text} NOT NULL DEFAULT '',
  "name_bo" {text} NOT NULL DEFAULT '',
  "system" {text} NOT NULL DEFAULT '',
  "system_code" {text} NOT NULL DEFAULT '',
  "parent" {text} NOT NULL DEFAULT '',
  "valid_from" {text} NOT NULL DEFAULT '',
  "valid_to" {text} NOT NULL DEFAULT '',
  "reference_set" {id},
  PRIMARY KEY ("id")){keyed};
CREATE UNIQUE INDEX "code_in_list" ON "code" ("list","code");

CREATE TABLE "facility" (
  "id" {id} NOT NULL,
  "version" {integer} NOT NULL,
  "created" {integer} NOT NULL,
  "updated" {integer} NOT NULL,
  "code" {text} NOT NULL DEFAULT '',
  "kind" {text} NOT NULL DEFAULT '',
  "area" {id} NOT NULL,
  "parent" {id},
  "name_en" {text} NOT NULL DEFAULT '',
  "name_zh" {text} NOT NULL DEFAULT '',
  "name_bo" {text} NOT NULL DEFAULT '',
  "address" {text} NOT NULL DEFAULT '',
  "phone" {text} NOT NULL DEFAULT '',
  "latitude" {real},
  "longitude" {real},
  "valid_from" {text} NOT NULL DEFAULT '',
  "valid_to" {text} NOT NULL DEFAULT '',
  PRIMARY KEY ("id")){keyed};
CREATE UNIQUE INDEX "facility_code" ON "facility" ("code");
CREATE INDEX "facility_area" ON "facility" ("area","kind");
CREATE INDEX "facilities_by_code" ON "facility" ("code","id","kind");
CREATE INDEX "facilities_by_key" ON "facility" ("kind","code","id");

CREATE TABLE "checkpoint_count" (
  "id" {id} NOT NULL,
  "version" {integer} NOT NULL,
  "created" {integer} NOT NULL,
  "updated" {integer} NOT NULL,
  "checkpoint" {id} NOT NULL,
  "hour" {integer} NOT NULL,
  "outcome" {text} NOT NULL DEFAULT '',
  "number" {integer} NOT NULL,
  PRIMARY KEY ("id")){keyed};
CREATE INDEX "checkpoint_count_by_hour" ON "checkpoint_count" ("checkpoint","hour","outcome");

CREATE TABLE "user" (
  "id" {id} NOT NULL,
  "version" {integer} NOT NULL,
  "created" {integer} NOT NULL,
  "updated" {integer} NOT NULL,
  "login" {text} NOT NULL DEFAULT '',
  "name" {text} NOT NULL DEFAULT '',
  "facility" {id},
  "position" {text} NOT NULL DEFAULT '',
  "work_phone" {text} NOT NULL DEFAULT '',
  "work_mail" {text} NOT NULL DEFAULT '',
  "language" {text} NOT NULL DEFAULT '',
  "valid_from" {text} NOT NULL DEFAULT '',
  "valid_to" {text} NOT NULL DEFAULT '',
  PRIMARY KEY ("id")){keyed};
CREATE UNIQUE INDEX "user_login" ON "user" ("login");
CREATE INDEX "users_by_login" ON "user" ("login","id");

CREATE TABLE "grant" (
  "id" {id} NOT NULL,
  "version" {integer} NOT NULL,
  "created" {integer} NOT NULL,
  "updated" {integer} NOT NULL,
  "user" {id} NOT NULL,
  "role" {text} NOT NULL DEFAULT '',
  "area" {id},
  "facility" {id},
  "everywhere" {integer},
  "purpose" {text} NOT NULL DEFAULT '',
  "starts" {integer} NOT NULL,
  "ends" {integer},
  "given_by" {id},
  PRIMARY KEY ("id")){keyed};
CREATE INDEX "grant_area" ON "grant" ("area") WHERE "area" IS NOT NULL;
CREATE INDEX "grants_by_starts" ON "grant" ("starts","id","user");
CREATE INDEX "grants_by_key" ON "grant" ("user","starts","id");

CREATE TABLE "reporting_unit" (
  "id" {id} NOT NULL,
  "version" {integer} NOT NULL,
  "created" {integer} NOT NULL,
  "updated" {integer} NOT NULL,
  "code" {text} NOT NULL DEFAULT '',
  "facility" {id} NOT NULL,
  "area" {id} NOT NULL,
  "report" {text} NOT NULL DEFAULT '',
  "disease" {text} NOT NULL DEFAULT '',
  "period" {text} NOT NULL DEFAULT '',
  "due_hours" {integer} NOT NULL,
  "missing_hours" {integer},
  "zero_report" {integer},
  "valid_from" {text} NOT NULL DEFAULT '',
  "valid_to" {text} NOT NULL DEFAULT '',
  PRIMARY KEY ("id")){keyed};
CREATE UNIQUE INDEX "reporting_unit_code" ON "reporting_unit" ("code");
CREATE INDEX "reporting_unit_area" ON "reporting_unit" ("area","report");
CREATE INDEX "reporting_unit_facility" ON "reporting_unit" ("facility");

CREATE TABLE "unit_report" (
  "id" {id} NOT NULL,
  "version" {integer} NOT NULL,
  "created" {integer} NOT NULL,
  "updated" {integer} NOT NULL,
  "unit" {id} NOT NULL,
  "day" {text} NOT NULL DEFAULT '',
  "number" {integer} NOT NULL,
  "received" {integer},
  PRIMARY KEY ("id")){keyed};
CREATE INDEX "unit_report_of" ON "unit_report" ("unit","day");
CREATE INDEX "unit_report_day" ON "unit_report" ("day","unit","received");

CREATE TABLE "population" (
  "id" {id} NOT NULL,
  "version" {integer} NOT NULL,
  "created" {integer} NOT NULL,
  "updated" {integer} NOT NULL,
  "area" {id} NOT NULL,
  "year" {integer} NOT NULL,
  "kind" {text} NOT NULL DEFAULT '',
  "sex" {text} NOT NULL DEFAULT '',
  "age_from" {integer} NOT NULL,
  "age_to" {integer},
  "number" {integer} NOT NULL,
  "source" {text} NOT NULL DEFAULT '',
  "source_date" {text} NOT NULL DEFAULT '',
  PRIMARY KEY ("id")){keyed};
CREATE INDEX "population_area" ON "population" ("area","year","kind","sex","age_from");

CREATE TABLE "outline" (
  "id" {id} NOT NULL,
  "version" {integer} NOT NULL,
  "created" {integer} NOT NULL,
  "updated" {integer} NOT NULL,
  "area" {id} NOT NULL,
  "detail" {integer} NOT NULL,
  "grid_bits" {integer} NOT NULL,
  "path" {text} NOT NULL DEFAULT '',
  "min_x" {integer} NOT NULL,
  "min_y" {integer} NOT NULL,
  "max_x" {integer} NOT NULL,
  "max_y" {integer} NOT NULL,
  PRIMARY KEY ("id")){keyed};
CREATE UNIQUE INDEX "outline_area" ON "outline" ("area","detail");

CREATE TABLE "calendar" (
  "id" {id} NOT NULL,
  "version" {integer} NOT NULL,
  "created" {integer} NOT NULL,
  "updated" {integer} NOT NULL,
  "code" {text} NOT NULL DEFAULT '',
  "area" {id},
  "name_en" {text} NOT NULL DEFAULT '',
  "name_zh" {text} NOT NULL DEFAULT '',
  "name_bo" {text} NOT NULL DEFAULT '',
  "source" {text} NOT NULL DEFAULT '',
  PRIMARY KEY ("id")){keyed};
CREATE UNIQUE INDEX "calendar_code" ON "calendar" ("code");

CREATE TABLE "calendar_day" (
  "id" {id} NOT NULL,
  "version" {integer} NOT NULL,
  "created" {integer} NOT NULL,
  "updated" {integer} NOT NULL,
  "calendar" {id} NOT NULL,
  "holiday" {text} NOT NULL DEFAULT '',
  "kind" {text} NOT NULL DEFAULT '',
  "first_day" {text} NOT NULL DEFAULT '',
  "last_day" {text} NOT NULL DEFAULT '',
  "steps" {text} NOT NULL DEFAULT '',
  "weeks_before" {integer} NOT NULL,
  "weeks_after" {integer} NOT NULL,
  PRIMARY KEY ("id")){keyed};
CREATE INDEX "calendar_day_first" ON "calendar_day" ("calendar","first_day");

CREATE TABLE "person" (
  "id" {id} NOT NULL,
  "version" {integer} NOT NULL,
  "created" {integer} NOT NULL,
  "updated" {integer} NOT NULL,
  "area" {id} NOT NULL,
  "sex" {text} NOT NULL DEFAULT '',
  "birth_year" {integer},
  "occupation" {text} NOT NULL DEFAULT '',
  "preferred_language" {text} NOT NULL DEFAULT '',
  "registered_by" {id},
  "merged_into" {id},
  "erased" {integer},
  PRIMARY KEY ("id")){keyed};
CREATE INDEX "person_merged_into" ON "person" ("merged_into") WHERE "merged_into" IS NOT NULL;

CREATE TABLE "identity" (
  "id" {id} NOT NULL,
  "version" {integer} NOT NULL,
  "created" {integer} NOT NULL,
  "updated" {integer} NOT NULL,
  "person" {id} NOT NULL,
  "sealed" {bytes},
  PRIMARY KEY ("id")){keyed};
CREATE UNIQUE INDEX "identity_person" ON "identity" ("person");

CREATE TABLE "case" (
  "id" {id} NOT NULL,
  "version" {integer} NOT NULL,
  "created" {integer} NOT NULL,
  "updated" {integer} NOT NULL,
  "person" {id} NOT NULL,
  "disease" {text} NOT NULL DEFAULT '',
  "episode" {integer},
  "responsible_area" {id} NOT NULL,
  "residence_area" {id},
  "infection_area" {id},
  "reporting_area" {id},
  "reported_by" {id},
  "classification" {text} NOT NULL DEFAULT '',
  "classification_date" {text} NOT NULL DEFAULT '',
  "classification_basis" {text} NOT NULL DEFAULT '',
  "definition_version" {text} NOT NULL DEFAULT '',
  "sex" {text} NOT NULL DEFAULT '',
  "age_years" {integer},
  "age_months" {integer},
  "no_symptoms" {integer},
  "onset_date" {text} NOT NULL DEFAULT '',
  "consultation_date" {text} NOT NULL DEFAULT '',
  "specimen_date" {text} NOT NULL DEFAULT '',
  "result_time" {text} NOT NULL DEFAULT '',
  "diagnosis_time" {text} NOT NULL DEFAULT '',
  "notified_time" {text} NOT NULL DEFAULT '',
  "received_date" {text} NOT NULL DEFAULT '',
  "reviewed_time" {text} NOT NULL DEFAULT '',
  "isolated_time" {text} NOT NULL DEFAULT '',
  "outcome" {text} NOT NULL DEFAULT '',
  "outcome_date" {text} NOT NULL DEFAULT '',
  "death_date" {text} NOT NULL DEFAULT '',
  "origin" {text} NOT NULL DEFAULT '',
  "found_by" {text} NOT NULL DEFAULT '',
  "severity" {text} NOT NULL DEFAULT '',
  "severity_worst" {text} NOT NULL DEFAULT '',
  "occupation" {text} NOT NULL DEFAULT '',
  "vaccinated" {text} NOT NULL DEFAULT '',
  "pregnant" {text} NOT NULL DEFAULT '',
  "sealed" {bytes},
  PRIMARY KEY ("id")){keyed};
CREATE INDEX "case_person" ON "case" ("person","disease");
CREATE INDEX "cases_by_area" ON "case" ("responsible_area","onset_date","received_date","updated","disease","classification","id");
CREATE INDEX "cases_by_onset_date" ON "case" ("onset_date","id","responsible_area","disease","classification","severity","outcome");
CREATE INDEX "cases_by_received_date" ON "case" ("received_date","id","responsible_area","disease","classification","severity","outcome");
CREATE INDEX "cases_by_updated" ON "case" ("updated","id","responsible_area","disease","classification","severity","outcome");
CREATE INDEX "cases_by_key" ON "case" ("disease","classification","responsible_area","onset_date","received_date","updated","id");
CREATE INDEX "cases_by_severity" ON "case" ("severity","onset_date","received_date","updated","responsible_area","disease","classification","id");
CREATE INDEX "cases_by_outcome" ON "case" ("outcome","onset_date","received_date","updated","responsible_area","disease","classification","id");
CREATE INDEX "cases_by_reported_by" ON "case" ("reported_by","onset_date","id") WHERE "reported_by" IS NOT NULL;

CREATE TABLE "feed" (
  "id" {id} NOT NULL,
  "version" {integer} NOT NULL,
  "created" {integer} NOT NULL,
  "updated" {integer} NOT NULL,
  "area" {id} NOT NULL,
  "name" {text} NOT NULL DEFAULT '',
  "channel" {text} NOT NULL DEFAULT '',
  "status" {text} NOT NULL DEFAULT '',
  "facility" {id},
  "application" {text} NOT NULL DEFAULT '',
  "sending_facility" {text} NOT NULL DEFAULT '',
  "addresses" {text} NOT NULL DEFAULT '',
  "certificate" {text} NOT NULL DEFAULT '',
  "charset" {text} NOT NULL DEFAULT '',
  "pooled" {integer},
  "blank_is_live" {integer},
  "history_before" {text} NOT NULL DEFAULT '',
  PRIMARY KEY ("id")){keyed};
CREATE INDEX "feed_channel" ON "feed" ("channel","application","sending_facility");
CREATE INDEX "feed_area" ON "feed" ("area","status");

CREATE TABLE "message_raw" (
  "id" {id} NOT NULL,
  "version" {integer} NOT NULL,
  "created" {integer} NOT NULL,
  "updated" {integer} NOT NULL,
  "area" {id} NOT NULL,
  "received" {integer} NOT NULL,
  "envelope" {integer},
  "sealed" {bytes},
  PRIMARY KEY ("id")){keyed};
CREATE INDEX "message_raw_received" ON "message_raw" ("received");

CREATE TABLE "message" (
  "id" {id} NOT NULL,
  "version" {integer} NOT NULL,
  "created" {integer} NOT NULL,
  "updated" {integer} NOT NULL,
  "area" {id} NOT NULL,
  "channel" {text} NOT NULL DEFAULT '',
  "format" {text} NOT NULL DEFAULT '',
  "feed" {id},
  "sender" {id},
  "submitted_by" {id},
  "received" {integer} NOT NULL,
  "part_of" {id},
  "position" {integer},
  "control_hash" {bytes},
  "body_hash" {bytes} NOT NULL,
  "num_bytes" {integer} NOT NULL,
  "verdict" {text} NOT NULL DEFAULT '',
  "num_faults" {integer},
  "num_values" {integer},
  "reason" {text} NOT NULL DEFAULT '',
  "test" {integer},
  "history" {integer},
  "processed" {integer},
  "repeats" {id},
  "person" {id},
  "linked_case" {id},
  "raw" {id},
  PRIMARY KEY ("id")){keyed};
CREATE UNIQUE INDEX "message_body" ON "message" ("body_hash");
CREATE INDEX "message_control" ON "message" ("control_hash");
CREATE INDEX "message_part_of" ON "message" ("part_of","position") WHERE "part_of" IS NOT NULL;
CREATE INDEX "messages_by_area" ON "message" ("area","received","id");
CREATE INDEX "messages_by_received" ON "message" ("received","id","area");
CREATE INDEX "messages_by_verdict" ON "message" ("verdict","received","area","id");
CREATE INDEX "messages_by_feed" ON "message" ("feed","received","id") WHERE "feed" IS NOT NULL;
CREATE INDEX "messages_by_sender" ON "message" ("sender","received","id") WHERE "sender" IS NOT NULL;

CREATE TABLE "message_slice" (
  "id" {id} NOT NULL,
  "version" {integer} NOT NULL,
  "created" {integer} NOT NULL,
  "updated" {integer} NOT NULL,
  "area" {id} NOT NULL,
  "message" {id} NOT NULL,
  "person" {id} NOT NULL,
  "received" {integer} NOT NULL,
  "offset" {integer} NOT NULL,
  "num_bytes" {integer} NOT NULL,
  "sealed" {bytes},
  PRIMARY KEY ("id")){keyed};
CREATE INDEX "message_slice_message" ON "message_slice" ("message","offset");
CREATE INDEX "message_slice_person" ON "message_slice" ("person");
CREATE INDEX "message_slice_received" ON "message_slice" ("received");

CREATE TABLE "message_part" (
  "id" {id} NOT NULL,
  "version" {integer} NOT NULL,
  "created" {integer} NOT NULL,
  "updated" {integer} NOT NULL,
  "area" {id} NOT NULL,
  "message" {id} NOT NULL,
  "position" {integer} NOT NULL,
  "received" {integer} NOT NULL,
  "sealed" {bytes},
  PRIMARY KEY ("id")){keyed};
CREATE INDEX "message_part_message" ON "message_part" ("message","position");
CREATE INDEX "message_part_received" ON "message_part" ("received");

CREATE TABLE "list_mapping" (
  "id" {id} NOT NULL,
  "version" {integer} NOT NULL,
  "created" {integer} NOT NULL,
  "updated" {integer} NOT NULL,
  "area" {id} NOT NULL,
  "feed" {id} NOT NULL,
  "header_hash" {bytes} NOT NULL,
  "mapping" {bytes} NOT NULL,
  "confirmed" {integer} NOT NULL,
  "confirmed_by" {id},
  PRIMARY KEY ("id")){keyed};
CREATE UNIQUE INDEX "list_mapping_header" ON "list_mapping" ("feed","header_hash");

CREATE TABLE "sent_resource" (
  "id" {id} NOT NULL,
  "version" {integer} NOT NULL,
  "created" {integer} NOT NULL,
  "updated" {integer} NOT NULL,
  "area" {id} NOT NULL,
  "message" {id} NOT NULL,
  "position" {integer} NOT NULL,
  "received" {integer} NOT NULL,
  "name_hash" {bytes} NOT NULL,
  "left_out" {integer},
  PRIMARY KEY ("id")){keyed};
CREATE INDEX "sent_resource_name" ON "sent_resource" ("name_hash");
CREATE INDEX "sent_resource_message" ON "sent_resource" ("message","position");
CREATE INDEX "sent_resource_received" ON "sent_resource" ("received");

CREATE TABLE "reconciliation" (
  "id" {id} NOT NULL,
  "version" {integer} NOT NULL,
  "created" {integer} NOT NULL,
  "updated" {integer} NOT NULL,
  "area" {id} NOT NULL,
  "feed" {id} NOT NULL,
  "sender" {id},
  "day" {text} NOT NULL DEFAULT '',
  "filed" {integer} NOT NULL,
  "filed_by" {id},
  "listed" {integer} NOT NULL,
  "used" {integer} NOT NULL,
  "waiting" {integer} NOT NULL,
  "not_used" {integer} NOT NULL,
  "missing" {integer} NOT NULL,
  "not_listed" {integer} NOT NULL,
  "unread" {integer} NOT NULL,
  "differences" {text} NOT NULL DEFAULT '',
  PRIMARY KEY ("id")){keyed};
CREATE INDEX "reconciliations_by_area" ON "reconciliation" ("area","filed","id");
CREATE INDEX "reconciliations_by_filed" ON "reconciliation" ("filed","id","area");
CREATE INDEX "reconciliations_by_feed" ON "reconciliation" ("feed","filed","area","id");
CREATE INDEX "reconciliations_by_sender" ON "reconciliation" ("sender","filed","id") WHERE "sender" IS NOT NULL;
CREATE INDEX "reconciliation_filed_by" ON "reconciliation" ("filed_by") WHERE "filed_by" IS NOT NULL;

CREATE TABLE "pool" (
  "id" {id} NOT NULL,
  "version" {integer} NOT NULL,
  "created" {integer} NOT NULL,
  "updated" {integer} NOT NULL,
  "responsible_area" {id} NOT NULL,
  "number" {text} NOT NULL DEFAULT '',
  "planned_size" {integer},
  "size" {integer},
  "site" {id},
  "laboratory" {id},
  "opened_time" {text} NOT NULL DEFAULT '',
  "closed_time" {text} NOT NULL DEFAULT '',
  PRIMARY KEY ("id")){keyed};
CREATE INDEX "pool_number" ON "pool" ("number");
CREATE INDEX "pool_laboratory" ON "pool" ("laboratory","closed_time") WHERE "laboratory" IS NOT NULL;

CREATE TABLE "specimen" (
  "id" {id} NOT NULL,
  "version" {integer} NOT NULL,
  "created" {integer} NOT NULL,
  "updated" {integer} NOT NULL,
  "subject" {text} NOT NULL DEFAULT '',
  "responsible_area" {id} NOT NULL,
  "person" {id},
  "linked_case" {id},
  "pool" {id},
  "point" {text} NOT NULL DEFAULT '',
  "number" {text} NOT NULL DEFAULT '',
  "material" {text} NOT NULL DEFAULT '',
  "reason" {text} NOT NULL DEFAULT '',
  "collected_time" {text} NOT NULL DEFAULT '',
  "collected_by" {id},
  "laboratory" {id},
  "received_time" {text} NOT NULL DEFAULT '',
  "condition" {text} NOT NULL DEFAULT '',
  PRIMARY KEY ("id")){keyed};
CREATE INDEX "specimen_person" ON "specimen" ("person") WHERE "person" IS NOT NULL;
CREATE INDEX "specimen_case" ON "specimen" ("linked_case") WHERE "linked_case" IS NOT NULL;
CREATE INDEX "specimen_pool" ON "specimen" ("pool") WHERE "pool" IS NOT NULL;
CREATE INDEX "specimen_number" ON "specimen" ("number");
CREATE INDEX "specimens_by_area" ON "specimen" ("responsible_area","collected_time","subject","material","id");
CREATE INDEX "specimens_by_collected_time" ON "specimen" ("collected_time","id","responsible_area","subject","material");
CREATE INDEX "specimens_by_key" ON "specimen" ("subject","material","responsible_area","collected_time","id");
CREATE INDEX "specimens_by_collected_by" ON "specimen" ("collected_by","collected_time","id") WHERE "collected_by" IS NOT NULL;
CREATE INDEX "specimens_by_laboratory" ON "specimen" ("laboratory","collected_time","id") WHERE "laboratory" IS NOT NULL;

CREATE TABLE "result" (
  "id" {id} NOT NULL,
  "version" {integer} NOT NULL,
  "created" {integer} NOT NULL,
  "updated" {integer} NOT NULL,
  "specimen" {id} NOT NULL,
  "target" {text} NOT NULL DEFAULT '',
  "disease" {text} NOT NULL DEFAULT '',
  "status" {text} NOT NULL DEFAULT '',
  "interpretation" {text} NOT NULL DEFAULT '',
  "result_time" {text} NOT NULL DEFAULT '',
  "laboratory" {id},
  "method" {text} NOT NULL DEFAULT '',
  "kit" {text} NOT NULL DEFAULT '',
  "device" {text} NOT NULL DEFAULT '',
  "cycle_threshold" {real},
  "quantity" {real},
  "unit" {text} NOT NULL DEFAULT '',
  "below_detection" {integer},
  "linked_case" {id},
  "supersedes" {id},
  "message" {id},
  "person_day" {text} NOT NULL DEFAULT '',
  "person_week" {text} NOT NULL DEFAULT '',
  PRIMARY KEY ("id")){keyed};
CREATE INDEX "result_specimen" ON "result" ("specimen","target");
CREATE INDEX "result_case" ON "result" ("linked_case") WHERE "linked_case" IS NOT NULL;
CREATE INDEX "result_message" ON "result" ("message") WHERE "message" IS NOT NULL;

CREATE TABLE "vaccination" (
  "id" {id} NOT NULL,
  "version" {integer} NOT NULL,
  "created" {integer} NOT NULL,
  "updated" {integer} NOT NULL,
  "person" {id} NOT NULL,
  "responsible_area" {id} NOT NULL,
  "disease" {text} NOT NULL DEFAULT '',
  "given_on" {text} NOT NULL DEFAULT '',
  "vaccine" {text} NOT NULL DEFAULT '',
  "product" {text} NOT NULL DEFAULT '',
  "holder" {text} NOT NULL DEFAULT '',
  "dose" {integer},
  "doses" {integer},
  "country" {text} NOT NULL DEFAULT '',
  "given_at" {id},
  "lot" {text} NOT NULL DEFAULT '',
  PRIMARY KEY ("id")){keyed};
CREATE INDEX "vaccination_person" ON "vaccination" ("person","given_on");
CREATE INDEX "vaccinations_by_area" ON "vaccination" ("responsible_area","given_on","disease","id");
CREATE INDEX "vaccinations_by_given_on" ON "vaccination" ("given_on","id","responsible_area","disease");
CREATE INDEX "vaccinations_by_key" ON "vaccination" ("disease","responsible_area","given_on","id");
CREATE INDEX "vaccinations_by_given_at" ON "vaccination" ("given_at","given_on","id") WHERE "given_at" IS NOT NULL;

CREATE TABLE "credential" (
  "id" {id} NOT NULL,
  "version" {integer} NOT NULL,
  "created" {integer} NOT NULL,
  "updated" {integer} NOT NULL,
  "person" {id} NOT NULL,
  "responsible_area" {id} NOT NULL,
  "form" {text} NOT NULL DEFAULT '',
  "proof" {text} NOT NULL DEFAULT '',
  "result" {id},
  "linked_case" {id},
  "vaccination" {id},
  "number" {integer} NOT NULL,
  "issued" {integer} NOT NULL,
  "expires" {integer} NOT NULL,
  "signed_by" {text} NOT NULL DEFAULT '',
  "entry" {text} NOT NULL DEFAULT '',
  "revoked" {integer},
  PRIMARY KEY ("id")){keyed};
CREATE INDEX "credential_person" ON "credential" ("person","issued");
CREATE INDEX "passes_by_area" ON "credential" ("responsible_area","issued","form","proof","id");
CREATE INDEX "passes_by_issued" ON "credential" ("issued","id","responsible_area","form","proof");
CREATE INDEX "passes_by_key" ON "credential" ("form","proof","responsible_area","issued","id");
CREATE INDEX "credential_result" ON "credential" ("result") WHERE "result" IS NOT NULL;
CREATE INDEX "credential_case" ON "credential" ("linked_case") WHERE "linked_case" IS NOT NULL;
CREATE INDEX "credential_vaccination" ON "credential" ("vaccination") WHERE "vaccination" IS NOT NULL;
CREATE INDEX "credential_expires" ON "credential" ("expires","revoked");

CREATE TABLE "stream" (
  "id" {id} NOT NULL,
  "version" {integer} NOT NULL,
  "created" {integer} NOT NULL,
  "updated" {integer} NOT NULL,
  "code" {text} NOT NULL DEFAULT '',
  "indicator" {text} NOT NULL DEFAULT '',
  "measure" {text} NOT NULL DEFAULT '',
  "disease" {text} NOT NULL DEFAULT '',
  "among" {text} NOT NULL DEFAULT '',
  "area" {id} NOT NULL,
  "facility" {id},
  "period" {text} NOT NULL DEFAULT '',
  "feed" {text} NOT NULL DEFAULT '',
  "counter" {text} NOT NULL DEFAULT '',
  "numerator" {id},
  "denominator" {id},
  "window_steps" {integer},
  "cumulative" {integer},
  "delay_days" {integer},
  "threshold" {real},
  "threshold_per_100k" {real},
  "method" {text} NOT NULL DEFAULT '',
  "parameters" {text} NOT NULL DEFAULT '',
  "valid_from" {text} NOT NULL DEFAULT '',
  "valid_to" {text} NOT NULL DEFAULT '',
  PRIMARY KEY ("id")){keyed};
CREATE UNIQUE INDEX "stream_code" ON "stream" ("code");
CREATE INDEX "stream_area" ON "stream" ("area","indicator","disease");
CREATE INDEX "streams_by_area" ON "stream" ("area","code","indicator","disease","id");
CREATE INDEX "streams_by_code" ON "stream" ("code","id","area","indicator","disease");
CREATE INDEX "streams_by_key" ON "stream" ("indicator","disease","area","code","id");
CREATE INDEX "streams_by_facility" ON "stream" ("facility","code","id") WHERE "facility" IS NOT NULL;

CREATE TABLE "stream_values" (
  "id" {id} NOT NULL,
  "version" {integer} NOT NULL,
  "created" {integer} NOT NULL,
  "updated" {integer} NOT NULL,
  "stream" {id} NOT NULL,
  "first_day" {text} NOT NULL DEFAULT '',
  "last_day" {text} NOT NULL DEFAULT '',
  "number" {integer} NOT NULL,
  "packed" {bytes} NOT NULL,
  PRIMARY KEY ("id")){keyed};
CREATE INDEX "stream_values_of" ON "stream_values" ("stream");

CREATE TABLE "series_change" (
  "id" {id} NOT NULL,
  "version" {integer} NOT NULL,
  "created" {integer} NOT NULL,
  "updated" {integer} NOT NULL,
  "area" {id} NOT NULL,
  "kind" {text} NOT NULL DEFAULT '',
  "day" {text} NOT NULL DEFAULT '',
  "stream" {id},
  "disease" {text} NOT NULL DEFAULT '',
  "indicator" {text} NOT NULL DEFAULT '',
  "percent" {real},
  "sender" {id},
  "noticed" {integer},
  "document" {text} NOT NULL DEFAULT '',
  PRIMARY KEY ("id")){keyed};
CREATE INDEX "series_change_kind" ON "series_change" ("kind");
CREATE INDEX "series_change_area" ON "series_change" ("area","day");

CREATE TABLE "outbreak" (
  "id" {id} NOT NULL,
  "version" {integer} NOT NULL,
  "created" {integer} NOT NULL,
  "updated" {integer} NOT NULL,
  "number" {text} NOT NULL DEFAULT '',
  "name" {text} NOT NULL DEFAULT '',
  "disease" {text} NOT NULL DEFAULT '',
  "area" {id} NOT NULL,
  "facility" {id},
  "place" {text} NOT NULL DEFAULT '',
  "status" {text} NOT NULL DEFAULT '',
  "grade" {text} NOT NULL DEFAULT '',
  "definition" {text} NOT NULL DEFAULT '',
  "definition_version" {text} NOT NULL DEFAULT '',
  "emergence_date" {text} NOT NULL DEFAULT '',
  "detection_date" {text} NOT NULL DEFAULT '',
  "notification_date" {text} NOT NULL DEFAULT '',
  "investigation_date" {text} NOT NULL DEFAULT '',
  "analysis_date" {text} NOT NULL DEFAULT '',
  "laboratory_date" {text} NOT NULL DEFAULT '',
  "care_date" {text} NOT NULL DEFAULT '',
  "countermeasure_date" {text} NOT NULL DEFAULT '',
  "communication_date" {text} NOT NULL DEFAULT '',
  "coordination_date" {text} NOT NULL DEFAULT '',
  "no_investigation" {integer},
  "no_analysis" {integer},
  "no_laboratory" {integer},
  "no_care" {integer},
  "no_countermeasure" {integer},
  "no_communication" {integer},
  "no_coordination" {integer},
  "confirmed_date" {text} NOT NULL DEFAULT '',
  "controlled_date" {text} NOT NULL DEFAULT '',
  "over_date" {text} NOT NULL DEFAULT '',
  "owner" {id},
  PRIMARY KEY ("id")){keyed};
CREATE UNIQUE INDEX "outbreak_number" ON "outbreak" ("number");
CREATE INDEX "outbreaks_by_area" ON "outbreak" ("area","detection_date","updated","status","disease","id");
CREATE INDEX "outbreaks_by_detection_date" ON "outbreak" ("detection_date","id","area","status","disease");
CREATE INDEX "outbreaks_by_updated" ON "outbreak" ("updated","id","area","status","disease");
CREATE INDEX "outbreaks_by_key" ON "outbreak" ("status","disease","area","detection_date","updated","id");

CREATE TABLE "signal" (
  "id" {id} NOT NULL,
  "version" {integer} NOT NULL,
  "created" {integer} NOT NULL,
  "updated" {integer} NOT NULL,
  "area" {id} NOT NULL,
  "source" {text} NOT NULL DEFAULT '',
  "disease" {text} NOT NULL DEFAULT '',
  "syndrome" {text} NOT NULL DEFAULT '',
  "facility" {id},
  "event_date" {text} NOT NULL DEFAULT '',
  "num_ill" {integer},
  "num_died" {integer},
  "num_animals" {integer},
  "place" {text} NOT NULL DEFAULT '',
  "summary" {text} NOT NULL DEFAULT '',
  "mark" {text} NOT NULL DEFAULT '',
  "indicator" {text} NOT NULL DEFAULT '',
  "among" {text} NOT NULL DEFAULT '',
  "measure" {text} NOT NULL DEFAULT '',
  "period" {text} NOT NULL DEFAULT '',
  "method" {text} NOT NULL DEFAULT '',
  "observed" {real},
  "expected" {real},
  "threshold" {real},
  "numerator" {real},
  "denominator" {real},
  "num_alarms" {integer},
  "beyond_wave" {integer},
  "status" {text} NOT NULL DEFAULT '',
  "noticed_time" {text} NOT NULL DEFAULT '',
  "triaged_time" {text} NOT NULL DEFAULT '',
  "verified_time" {text} NOT NULL DEFAULT '',
  "assessed_time" {text} NOT NULL DEFAULT '',
  "acted_time" {text} NOT NULL DEFAULT '',
  "closed_time" {text} NOT NULL DEFAULT '',
  "verification" {text} NOT NULL DEFAULT '',
  "risk" {text} NOT NULL DEFAULT '',
  "closing" {text} NOT NULL DEFAULT '',
  "duplicate_of" {id},
  "outbreak" {id},
  "owner" {id},
  PRIMARY KEY ("id")){keyed};
CREATE INDEX "signal_outbreak" ON "signal" ("outbreak") WHERE "outbreak" IS NOT NULL;
CREATE INDEX "signal_owner" ON "signal" ("owner","status") WHERE "owner" IS NOT NULL;
CREATE INDEX "signals_by_area" ON "signal" ("area","noticed_time","updated","status","disease","id");
CREATE INDEX "signals_by_noticed_time" ON "signal" ("noticed_time","id","area","status","disease");
CREATE INDEX "signals_by_updated" ON "signal" ("updated","id","area","status","disease");
CREATE INDEX "signals_by_key" ON "signal" ("status","disease","area","noticed_time","updated","id");

CREATE TABLE "event_report" (
  "id" {id} NOT NULL,
  "version" {integer} NOT NULL,
  "created" {integer} NOT NULL,
  "updated" {integer} NOT NULL,
  "area" {id} NOT NULL,
  "received" {integer} NOT NULL,
  "receipt_hash" {bytes} NOT NULL,
  "sealed" {bytes},
  PRIMARY KEY ("id")){keyed};
CREATE UNIQUE INDEX "event_report_receipt" ON "event_report" ("receipt_hash");
CREATE INDEX "event_report_received" ON "event_report" ("received");

CREATE TABLE "alarm" (
  "id" {id} NOT NULL,
  "version" {integer} NOT NULL,
  "created" {integer} NOT NULL,
  "updated" {integer} NOT NULL,
  "stream" {id} NOT NULL,
  "area" {id} NOT NULL,
  "day" {text} NOT NULL DEFAULT '',
  "method" {text} NOT NULL DEFAULT '',
  "settings" {text} NOT NULL DEFAULT '',
  "observed" {real} NOT NULL,
  "numerator" {real},
  "denominator" {real},
  "expected" {real},
  "threshold" {real},
  "score" {real},
  "known" {integer} NOT NULL,
  "grade" {text} NOT NULL DEFAULT '',
  "mark" {text} NOT NULL DEFAULT '',
  "signal" {id},
  PRIMARY KEY ("id")){keyed};
CREATE UNIQUE INDEX "alarm_once" ON "alarm" ("stream","day","method","known");
CREATE INDEX "alarm_signal" ON "alarm" ("signal") WHERE "signal" IS NOT NULL;
CREATE INDEX "alarms_by_area" ON "alarm" ("area","day","grade","method","id");
CREATE INDEX "alarms_by_day" ON "alarm" ("day","id","area","grade","method");
CREATE INDEX "alarms_by_key" ON "alarm" ("grade","method","area","day","id");

CREATE TABLE "outbreak_link" (
  "id" {id} NOT NULL,
  "version" {integer} NOT NULL,
  "created" {integer} NOT NULL,
  "updated" {integer} NOT NULL,
  "outbreak" {id} NOT NULL,
  "kind" {text} NOT NULL DEFAULT '',
  "linked_case" {id},
  "signal" {id},
  "specimen" {id},
  "facility" {id},
  "other_outbreak" {id},
  "basis" {text} NOT NULL DEFAULT '',
  "linked_date" {text} NOT NULL DEFAULT '',
  "excluded_date" {text} NOT NULL DEFAULT '',
  PRIMARY KEY ("id")){keyed};
CREATE INDEX "outbreak_link_outbreak" ON "outbreak_link" ("outbreak","kind");
CREATE INDEX "outbreak_link_case" ON "outbreak_link" ("linked_case") WHERE "linked_case" IS NOT NULL;
CREATE INDEX "outbreak_link_signal" ON "outbreak_link" ("signal") WHERE "signal" IS NOT NULL;

CREATE TABLE "daily_report" (
  "id" {id} NOT NULL,
  "version" {integer} NOT NULL,
  "created" {integer} NOT NULL,
  "updated" {integer} NOT NULL,
  "area" {id} NOT NULL,
  "number" {text} NOT NULL DEFAULT '',
  "day" {text} NOT NULL DEFAULT '',
  "edition" {integer} NOT NULL,
  "cut_off" {integer} NOT NULL,
  "frozen" {integer} NOT NULL,
  "figures" {text} NOT NULL DEFAULT '',
  "text" {text} NOT NULL DEFAULT '',
  "published" {integer},
  "published_by" {id},
  PRIMARY KEY ("id")){keyed};
CREATE UNIQUE INDEX "daily_report_edition" ON "daily_report" ("area","day","edition");
CREATE INDEX "reports_by_area" ON "daily_report" ("area","day","updated","id");
CREATE INDEX "reports_by_day" ON "daily_report" ("day","id","area");
CREATE INDEX "reports_by_updated" ON "daily_report" ("updated","id","area");
CREATE INDEX "daily_report_published_by" ON "daily_report" ("published_by") WHERE "published_by" IS NOT NULL;

CREATE TABLE "task" (
  "id" {id} NOT NULL,
  "version" {integer} NOT NULL,
  "created" {integer} NOT NULL,
  "updated" {integer} NOT NULL,
  "area" {id} NOT NULL,
  "kind" {text} NOT NULL DEFAULT '',
  "title" {text} NOT NULL DEFAULT '',
  "person" {id},
  "other_person" {id},
  "linked_case" {id},
  "signal" {id},
  "outbreak" {id},
  "specimen" {id},
  "facility" {id},
  "after" {id},
  "owner" {id},
  "owner_role" {text} NOT NULL DEFAULT '',
  "priority" {text} NOT NULL DEFAULT '',
  "status" {text} NOT NULL DEFAULT '',
  "starts" {integer},
  "due" {integer} NOT NULL,
  "done" {integer},
  "escalation" {integer},
  "escalated_to" {id},
  "evidence_kind" {text} NOT NULL DEFAULT '',
  "evidence" {text} NOT NULL DEFAULT '',
  "protocol_rule" {text} NOT NULL DEFAULT '',
  "protocol_version" {text} NOT NULL DEFAULT '',
  PRIMARY KEY ("id")){keyed};
CREATE INDEX "task_area" ON "task" ("area","status","due");
CREATE INDEX "task_owner" ON "task" ("owner","status","due") WHERE "owner" IS NOT NULL;
CREATE INDEX "task_case" ON "task" ("linked_case") WHERE "linked_case" IS NOT NULL;
CREATE INDEX "task_signal" ON "task" ("signal") WHERE "signal" IS NOT NULL;
CREATE INDEX "task_outbreak" ON "task" ("outbreak") WHERE "outbreak" IS NOT NULL;
CREATE INDEX "tasks_by_area" ON "task" ("area","due","updated","status","kind","id");
CREATE INDEX "tasks_by_due" ON "task" ("due","id","area","status","kind");
CREATE INDEX "tasks_by_updated" ON "task" ("updated","id","area","status","kind");
CREATE INDEX "tasks_by_key" ON "task" ("status","kind","area","due","updated","id");

CREATE TABLE "duty" (
  "id" {id} NOT NULL,
  "version" {integer} NOT NULL,
  "created" {integer} NOT NULL,
  "updated" {integer} NOT NULL,
  "user" {id} NOT NULL,
  "area" {id} NOT NULL,
  "role" {text} NOT NULL DEFAULT '',
  "order_of_call" {integer},
  "starts" {integer} NOT NULL,
  "ends" {integer} NOT NULL,
  PRIMARY KEY ("id")){keyed};
CREATE INDEX "duty_area" ON "duty" ("area","starts");
CREATE INDEX "duty_user" ON "duty" ("user","starts");

CREATE TABLE "notice" (
  "id" {id} NOT NULL,
  "version" {integer} NOT NULL,
  "created" {integer} NOT NULL,
  "updated" {integer} NOT NULL,
  "area" {id} NOT NULL,
  "recipient" {id} NOT NULL,
  "channel" {text} NOT NULL DEFAULT '',
  "template" {text} NOT NULL DEFAULT '',
  "language" {text} NOT NULL DEFAULT '',
  "task" {id},
  "signal" {id},
  "outbreak" {id},
  "due" {integer},
  "status" {text} NOT NULL DEFAULT '',
  "attempts" {integer},
  "next_attempt" {integer},
  "sent" {integer},
  "delivered" {integer},
  "answered" {integer},
  "receipt" {text} NOT NULL DEFAULT '',
  PRIMARY KEY ("id")){keyed};
CREATE INDEX "notice_waiting" ON "notice" ("status","next_attempt");
CREATE INDEX "notice_recipient" ON "notice" ("recipient","status");
CREATE INDEX "notice_task" ON "notice" ("task") WHERE "task" IS NOT NULL;

CREATE TABLE "answer" (
  "id" {id} NOT NULL,
  "version" {integer} NOT NULL,
  "created" {integer} NOT NULL,
  "updated" {integer} NOT NULL,
  "area" {id} NOT NULL,
  "subject_record" {text} NOT NULL DEFAULT '',
  "subject_id" {text} NOT NULL DEFAULT '',
  "person" {id},
  "form" {text} NOT NULL DEFAULT '',
  "form_version" {text} NOT NULL DEFAULT '',
  "question" {text} NOT NULL DEFAULT '',
  "position" {integer},
  "value_kind" {text} NOT NULL DEFAULT '',
  "value_code" {text} NOT NULL DEFAULT '',
  "value_number" {real},
  "value_date" {text} NOT NULL DEFAULT '',
  "value_time" {text} NOT NULL DEFAULT '',
  "value_flag" {integer},
  "answered_time" {text} NOT NULL DEFAULT '',
  "sealed" {bytes},
  PRIMARY KEY ("id")){keyed};
CREATE INDEX "answer_subject" ON "answer" ("subject_id","form","question");
CREATE INDEX "answer_person" ON "answer" ("person") WHERE "person" IS NOT NULL;

CREATE TABLE "job" (
  "id" {id} NOT NULL,
  "version" {integer} NOT NULL,
  "created" {integer} NOT NULL,
  "updated" {integer} NOT NULL,
  "kind" {text} NOT NULL DEFAULT '',
  "requested_by" {id},
  "area" {id},
  "parameters" {text} NOT NULL DEFAULT '',
  "status" {text} NOT NULL DEFAULT '',
  "progress" {real},
  "not_before" {integer},
  "lease_holder" {text} NOT NULL DEFAULT '',
  "lease_until" {integer},
  "attempts" {integer},
  "cancel" {integer},
  "started" {integer},
  "ended" {integer},
  "failure" {text} NOT NULL DEFAULT '',
  PRIMARY KEY ("id")){keyed};
CREATE INDEX "job_waiting" ON "job" ("status","not_before");
CREATE INDEX "job_requested_by" ON "job" ("requested_by") WHERE "requested_by" IS NOT NULL;

CREATE TABLE "audit" (
  "number" {integer} NOT NULL,
  "at" {integer} NOT NULL,
  "fence" {integer} NOT NULL,
  "actor" {id},
  "role" {text} NOT NULL DEFAULT '',
  "purpose" {text} NOT NULL DEFAULT '',
  "verb" {text} NOT NULL DEFAULT '',
  "subjects" {bytes},
  "digest" {bytes},
  "hash" {bytes} NOT NULL,
  PRIMARY KEY ("number")){rowid};

CREATE TABLE "audit_reading" (
  "subject" {id} NOT NULL,
  "number" {integer} NOT NULL,
  PRIMARY KEY ("subject","number")){keyed};

CREATE TABLE "history" (
  "id" {id} NOT NULL,
  "record" {text} NOT NULL,
  "version" {integer} NOT NULL,
  "known" {integer} NOT NULL,
  "until" {integer} NOT NULL,
  "row" {bytes},
  "owner" {id},
  "sealed" {bytes},
  PRIMARY KEY ("id","record","version")){keyed};
CREATE INDEX "history_owner" ON "history" ("owner") WHERE "owner" IS NOT NULL;

CREATE TABLE "row_layout" (
  "layout" {integer} NOT NULL,
  "record" {text} NOT NULL DEFAULT '',
  "columns" {text} NOT NULL DEFAULT '',
  PRIMARY KEY ("layout")){rowid};

CREATE TABLE "event" (
  "number" {integer} NOT NULL,
  "at" {integer} NOT NULL,
  "verb" {integer} NOT NULL,
  "record" {text} NOT NULL DEFAULT '',
  "id" {id} NOT NULL,
  "version" {integer} NOT NULL,
  "area" {id},
  "facilities" {bytes},
  PRIMARY KEY ("number")){rowid};

CREATE TABLE "counter_codes" (
  "number" {integer} NOT NULL,
  "dimension_1" {text} NOT NULL DEFAULT '',
  "dimension_2" {text} NOT NULL DEFAULT '',
  "dimension_3" {text} NOT NULL DEFAULT '',
  "dimension_4" {text} NOT NULL DEFAULT '',
  "dimension_5" {text} NOT NULL DEFAULT '',
  "dimension_6" {text} NOT NULL DEFAULT '',
  PRIMARY KEY ("number")){rowid};

CREATE TABLE "counter" (
  "series" {integer} NOT NULL,
  "event_day" {integer} NOT NULL,
  "known_day" {integer} NOT NULL,
  "numbers" {bytes} NOT NULL,
  PRIMARY KEY ("series","event_day","known_day")){keyed};

CREATE TABLE "counter_area" (
  "area" {id} NOT NULL,
  "record" {text} NOT NULL,
  "total" {integer} NOT NULL,
  "numbers" {bytes} NOT NULL,
  PRIMARY KEY ("area","record")){keyed};

CREATE TABLE "counter_waiting" (
  "number" {integer} NOT NULL,
  "counted" {bytes} NOT NULL,
  PRIMARY KEY ("number")){rowid};

CREATE TABLE "counter_slice" (
  "one" {integer} NOT NULL,
  "up_to" {integer} NOT NULL,
  "series" {integer} NOT NULL,
  PRIMARY KEY ("one")){rowid};

CREATE TABLE "person_key" (
  "person" {id} NOT NULL,
  "generation" {integer} NOT NULL,
  "wrapped" {bytes} NOT NULL,
  PRIMARY KEY ("person")){keyed};

CREATE TABLE "search_name" (
  "area" {id} NOT NULL,
  "person" {id} NOT NULL,
  "generation" {integer} NOT NULL,
  "wrapped" {bytes} NOT NULL,
  "name" {bytes} NOT NULL,
  PRIMARY KEY ("area","person")){keyed};
CREATE INDEX "search_name_person" ON "search_name" ("person");

CREATE TABLE "search_token" (
  "token" {bytes} NOT NULL,
  "person" {id} NOT NULL,
  PRIMARY KEY ("token","person")){keyed};
CREATE INDEX "search_token_person" ON "search_token" ("person");

CREATE TABLE "search_term" (
  "record" {text} NOT NULL,
  "term" {text} NOT NULL,
  "id" {id} NOT NULL,
  PRIMARY KEY ("record","term","id")){keyed};
CREATE INDEX "search_term_id" ON "search_term" ("id");

CREATE TABLE "idempotency" (
  "actor" {id} NOT NULL,
  "key" {id} NOT NULL,
  "at" {integer} NOT NULL,
  "event" {integer} NOT NULL,
  "known" {integer} NOT NULL,
  "created" {id},
  PRIMARY KEY ("actor","key")){keyed};
CREATE INDEX "idempotency_at" ON "idempotency" ("at");

CREATE TABLE "account" (
  "user" {id} NOT NULL,
  "changed" {integer} NOT NULL,
  "password" {text} NOT NULL DEFAULT '',
  "factor" {id},
  "factor_sealed" {bytes},
  "factor_since" {integer},
  "factor_step" {integer} NOT NULL,
  "next" {id},
  "next_sealed" {bytes},
  "next_since" {integer},
  PRIMARY KEY ("user")){keyed};

CREATE TABLE "account_code" (
  "user" {id} NOT NULL,
  "hash" {bytes} NOT NULL,
  PRIMARY KEY ("user","hash")){keyed};

CREATE TABLE "account_device" (
  "hash" {bytes} NOT NULL,
  "user" {id} NOT NULL,
  "created" {integer} NOT NULL,
  "used" {integer} NOT NULL,
  PRIMARY KEY ("hash")){keyed};
CREATE INDEX "account_device_user" ON "account_device" ("user","used");

CREATE TABLE "account_link" (
  "hash" {bytes} NOT NULL,
  "kind" {text} NOT NULL DEFAULT '',
  "user" {id},
  "created" {integer} NOT NULL,
  "ends" {integer} NOT NULL,
  PRIMARY KEY ("hash")){keyed};
CREATE INDEX "account_link_user" ON "account_link" ("user") WHERE "user" IS NOT NULL;

CREATE TABLE "account_subject" (
  "hash" {bytes} NOT NULL,
  "user" {id} NOT NULL,
  "created" {integer} NOT NULL,
  PRIMARY KEY ("hash")){keyed};
CREATE UNIQUE INDEX "account_subject_user" ON "account_subject" ("user");

CREATE TABLE "session" (
  "hash" {bytes} NOT NULL,
  "id" {id} NOT NULL,
  "user" {id} NOT NULL,
  "program" {integer} NOT NULL,
  "created" {integer} NOT NULL,
  "used" {integer} NOT NULL,
  "ends" {integer} NOT NULL,
  "factor" {integer},
  "client" {text} NOT NULL DEFAULT '',
  PRIMARY KEY ("hash")){keyed};
CREATE UNIQUE INDEX "session_id" ON "session" ("id");
CREATE INDEX "session_user" ON "session" ("user","created");

CREATE TABLE "machine_token" (
  "hash" {bytes} NOT NULL,
  "id" {id} NOT NULL,
  "family" {id} NOT NULL,
  "name" {text} NOT NULL DEFAULT '',
  "facility" {id} NOT NULL,
  "unit" {id},
  "created" {integer} NOT NULL,
  "given_by" {id},
  "ends" {integer} NOT NULL,
  "used" {integer} NOT NULL,
  PRIMARY KEY ("hash")){keyed};
CREATE UNIQUE INDEX "machine_token_id" ON "machine_token" ("id");
CREATE INDEX "machine_token_facility" ON "machine_token" ("facility","created");

CREATE TABLE "break_glass" (
  "id" {id} NOT NULL,
  "user" {id} NOT NULL,
  "session" {id} NOT NULL,
  "role" {text} NOT NULL DEFAULT '',
  "purpose" {text} NOT NULL DEFAULT '',
  "area" {id} NOT NULL,
  "starts" {integer} NOT NULL,
  "ends" {integer} NOT NULL,
  "reason" {bytes},
  PRIMARY KEY ("id")){keyed};
CREATE INDEX "break_glass_user" ON "break_glass" ("user","starts");
CREATE INDEX "break_glass_area" ON "break_glass" ("area","starts");
