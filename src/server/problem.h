/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/server/problem.h: failures as problem documents (RFC 9457), made from a status in this one place:
 *
 *     {"type":"/problems/input","title":"…","status":422,"detail":"…",
 *      "faults":[{"where":"/onset_date","found":"…","allowed":"…"}]}
 *
 * A text from the request stands in it only as far as the fault list has it, which never repeats what might be of a
 * person. Under /fhir/ the same is an OperationOutcome, as that standard's clients expect. What is outside the grant
 * answers as what is not there, byte for byte.
 */
#ifndef SERVER_PROBLEM_H
#define SERVER_PROBLEM_H

#include "server/exchange.h"

/* Replace the exchange's answer by the problem of a status and the exchange's faults. */
void problem_answer(struct exchange *exchange, int status);

/* The HTTP status of a status: 404 of STORE_ERR_ABSENT, 412 of STORE_ERR_VERSION, … */
int problem_http_status(int status);

#endif
