/* SPDX-License-Identifier: GPL-3.0-or-later */
/* /healthz: for whoever watches over the machine. Says no more than that to anybody who asks. */
#include "base/json_writer.h"
#include "server/handlers.h"

int health_answer(struct exchange *exchange)
{
    struct json_writer json;
    json_writer_init(&json, &exchange->answer.body);
    json_begin_object(&json);
    json_key(&json, "status");
    json_put_string(&json, "ok");
    json_end(&json);
    return 0;
}
