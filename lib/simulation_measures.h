/* SPDX-License-Identifier: GPL-3.0-or-later */
/* lib/simulation_measures.h: what is done: isolation, quarantine, tests, tracing, fewer contacts, vaccines. */
#ifndef LIB_SIMULATION_MEASURES_H
#define LIB_SIMULATION_MEASURES_H

#include "simulation_state.h"

/* Why contacts of a case are looked for. */
enum toci_trace { TOCI_TRACE_SYMPTOMS, TOCI_TRACE_POSITIVE, TOCI_TRACE_RELEASE };

/* Note of an event of a test: days since symptoms, or that it does not come from them: of a contact, another. */
enum { TOCI_MOST_DAYS_NOTED = 253, TOCI_OF_CONTACT = 254, TOCI_NO_SYMPTOMS = 255 };

static inline double toci_in_force(const struct toc_simulation *sim, uint32_t agent,
                                   enum toc_simulation_measure measure)
{
    return sim->today[toci_sim_area_of(sim, agent)].strength[measure];
}

/* Does a contact that was drawn take place, under what is in force in both areas today? */
bool toci_at_home_today(const struct toc_simulation *sim, uint32_t source, uint32_t network, uint32_t number);
bool toci_meet_under_measures(const struct toc_simulation *sim, uint32_t source, uint32_t target, uint32_t network);

/* The factor of one person's ring or random contacts today. */
double toci_contact_factor(const struct toc_simulation *sim, uint32_t agent, uint32_t area, uint32_t network);

/* ---- stays at home: isolation and quarantine ---- */
/* Days of a stay that is given up with a daily probability. */
uint32_t toci_stay_days(double days, double dropout, uint32_t word);
/* Until the last day, or longer if that is so already. held: a negative test of somebody else may end it. */
void toci_begin_stay(struct toci_shard *shard, uint32_t agent, uint32_t last_day, bool held);
/* Into a shelter hospital, where that is in force and a bed is free; false: not so. */
bool toci_take_in(struct toci_shard *shard, uint32_t agent);
void toci_end_stay(struct toci_shard *shard, uint32_t agent);
void toci_release_hold(struct toci_shard *shard, uint32_t agent);

/* ---- what the disease leads to ---- */
void toci_report_symptoms(struct toci_shard *shard, uint32_t agent);
void toci_report_admission(struct toci_shard *shard, uint32_t agent);

/* An event that is not one of the disease. */
void toci_sim_act(struct toci_shard *shard, uint32_t agent, enum toci_event event, uint32_t note);
/* Of somebody in contact with a case, where that is in force; the specimen is not taken before tomorrow. */
void toci_order_contact_test(struct toci_shard *shard, uint32_t agent);
void toci_take_specimens(struct toci_shard *shard);
void toci_report_other_symptoms(struct toci_shard *shard);
void toci_screen(struct toci_shard *shard);
void toci_vaccinate(struct toci_shard *shard);
/* One dose for this agent, now. */
void toci_give_dose(struct toci_shard *shard, uint32_t agent);

#endif
