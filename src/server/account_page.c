/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Plain pages without script, in English and Chinese, so that a person can sign in, use a link and enrol a second
 * factor with any browser: /sign-in, /set-up, /account. */
#include <stdio.h>
#include <string.h>

#include "base/instant.h"
#include "base/markup.h"
#include "server/account_answer.h"
#include "server/form.h"
#include "server/handlers.h"
#include "server/problem.h"
#include "server/provider.h"
#include "server/route.h"
#include "server/web.h"

static const char head[] =
    "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>Tocsin</title>"
    "<meta name=\"viewport\" content=\"width=device-width\"><style>body{font:16px/1.5 sans-serif;max-width:32em;"
    "margin:2em auto;padding:0 1em}h1{font-size:1.4em}label{display:block;margin:.8em 0 .2em}input{font:inherit;"
    "width:100%;box-sizing:border-box;padding:.4em}button{font:inherit;margin-top:1em;padding:.5em 1.5em}"
    "code{font-size:1.1em;word-break:break-all}.no{background:#fdd;padding:.5em .8em}</style></head><body><main>"
    "<h1>Tocsin</h1>";

void account_begin_page(struct exchange *exchange, int status)
{
    exchange->answer.status = status;
    exchange->answer.type = "text/html; charset=utf-8";
    exchange->answer.body.used = 0;
    answer_header(exchange, "Content-Security-Policy",
                  "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'self'; "
                  "frame-ancestors 'none'");
    sink_text(&exchange->answer.body, head);
}

void account_end_page(struct exchange *exchange)
{
    sink_text(&exchange->answer.body, "</main></body></html>\n");
}

void account_put_safe(struct sink *sink, const char *text)
{
    sink_markup(sink, text, strlen(text));
}

static void put_field(struct sink *sink, const char *name, const char *type, const char *complete, const char *en,
                      const char *zh)
{
    sink_format(sink, "<label for=\"%s\">%s <span lang=\"zh\">%s</span></label>", name, en, zh);
    sink_format(sink, "<input id=\"%s\" name=\"%s\" type=\"%s\" autocomplete=\"%s\">", name, name, type, complete);
}

static void put_button(struct sink *sink, const char *action, const char *en, const char *zh)
{
    sink_format(sink, "<button name=\"action\" value=\"%s\">%s <span lang=\"zh\">%s</span></button>", action, en, zh);
}

/* What a refusal means, for people; NULL = not theirs to mend. */
static const char *words_of(int status)
{
    switch (status) {
    case ACCOUNT_ERR_REFUSED:
        return "Not right: login, password or code. <span lang=\"zh\">登录名、密码或验证码不正确。</span>";
    case ACCOUNT_ERR_LATER:
        return "Tried too often: wait a minute. <span lang=\"zh\">尝试过于频繁，请稍后再试。</span>";
    case ACCOUNT_ERR_BUSY: return "Busy: try again. <span lang=\"zh\">系统繁忙，请重试。</span>";
    case ACCOUNT_ERR_ENDED: return "This link or session has ended. <span lang=\"zh\">该链接或会话已失效。</span>";
    case PROVIDER_ERR_DOWN:
        return "The identity provider does not answer now: sign in with a password, or try again later. "
               "<span lang=\"zh\">身份认证系统暂无响应：请用密码登录，或稍后再试。</span>";
    case PROVIDER_ERR_REFUSED:
        return "The identity provider has not let you in. <span lang=\"zh\">身份认证系统未允许登录。</span>";
    case PROVIDER_ERR_STATE:
        return "This sign-in was not begun in this browser, is finished already, or took longer than ten minutes: "
               "begin again. <span lang=\"zh\">此次登录并非从本浏览器开始、已完成或已超过十分钟，请重新登录。</span>";
    case PROVIDER_ERR_TOKEN:
        return "What the identity provider answered cannot be trusted; tell whoever runs this node: "
               "<span lang=\"zh\">身份认证系统的应答无法信任，请告知系统管理员：</span>";
    case PROVIDER_ERR_UNKNOWN:
        return "Nobody here belongs to your account there: ask an administrator for an invitation. "
               "<span lang=\"zh\">该账户尚未与本系统用户绑定，请向管理员索取邀请链接。</span>";
    case STORE_ERR_EXISTS:
        return "Your account there belongs to another user here. <span lang=\"zh\">该账户已与另一用户绑定。</span>";
    case BASE_ERR_INPUT: return "Please mend this: <span lang=\"zh\">请更正：</span>";
    default: return NULL;
    }
}

static void put_refusal(struct exchange *exchange, int status)
{
    struct sink *sink = &exchange->answer.body;
    if (status == 0 || words_of(status) == NULL)
        return;
    sink_format(sink, "<p class=\"no\" role=\"alert\">%s", words_of(status));
    for (size_t i = 0; i < exchange->faults.num_kept; i++) {
        const struct fault *fault = &exchange->faults.faults[i];
        sink_text(sink, "<br>");
        account_put_safe(sink, fault->name[0] == '/' ? fault->name + 1 : fault->name);
        sink_text(sink, ": ");
        account_put_safe(sink, fault->found);
        sink_text(sink, "; ");
        account_put_safe(sink, fault->allowed);
    }
    sink_text(sink, "</p>");
}

static int go_to(struct exchange *exchange, const char *path)
{
    exchange->answer.status = 303;
    exchange->answer.type = "text/html; charset=utf-8";
    exchange->answer.body.used = 0;
    answer_header(exchange, "Location", path);
    return 0;
}

static const char *value(struct exchange *exchange, const char *name)
{
    const char *found = form_value(exchange->body, exchange->body_size, name, &exchange->arena);
    return found != NULL ? found : "";
}

/* ---- the identity provider ---- */

static void put_provider(struct exchange *exchange, const char *link)
{
    struct sink           *sink = &exchange->answer.body;
    const struct provider *provider = exchange_provider(exchange);
    if (provider == NULL)
        return;
    sink_text(sink, "<p><a href=\"/sign-in/provider");
    if (link[0] != '\0') {
        sink_text(sink, "?link=");
        account_put_safe(sink, link);
    }
    sink_text(sink, link[0] != '\0' ? "\">Instead of a password <span lang=\"zh\">不设密码，改用</span>: "
                                    : "\">Sign in by <span lang=\"zh\">其他登录方式</span>: ");
    account_put_safe(sink, provider_name(provider));
    sink_text(sink, "</a></p>");
}

/* Signed out here; there they still are signed in. */
static void put_sign_out(struct exchange *exchange)
{
    struct sink     *sink = &exchange->answer.body;
    struct provider *provider = exchange_provider(exchange);
    const char      *back = provider != NULL ? account_own_address(exchange, "/sign-in") : NULL;
    const char      *url = back != NULL ? provider_sign_out(provider, back, &exchange->arena) : NULL;
    if (url == NULL)
        return;
    sink_text(sink, "<p><a href=\"");
    account_put_safe(sink, url);
    sink_text(sink, "\">Sign out there too <span lang=\"zh\">同时退出</span>: ");
    account_put_safe(sink, provider_name(provider));
    sink_text(sink, "</a></p>");
}

/* ---- /sign-in ---- */

int account_show_sign_in(struct exchange *exchange, int refusal)
{
    struct sink *sink = &exchange->answer.body;
    account_begin_page(exchange, refusal == 0 ? 200 : problem_http_status(refusal));
    put_refusal(exchange, refusal);
    sink_text(sink, "<form method=\"post\" action=\"/sign-in\">");
    put_field(sink, "login", "text", "username", "Login", "登录名");
    put_field(sink, "password", "password", "current-password", "Password", "密码");
    put_button(sink, "in", "Sign in", "登录");
    sink_text(sink, "</form>");
    put_provider(exchange, "");
    if (exchange_query(exchange, "out") != NULL)
        put_sign_out(exchange);
    account_end_page(exchange);
    return 0;
}

int account_page_sign_in(struct exchange *exchange)
{
    return account_show_sign_in(exchange, 0);
}

int account_form_sign_in(struct exchange *exchange)
{
    struct account_signed made;
    int ret = account_do_sign_in(exchange, value(exchange, "login"), value(exchange, "password"), false, &made);
    if (ret != 0)
        return words_of(ret) != NULL ? account_show_sign_in(exchange, ret) : ret;
    account_set_cookies(exchange, &made);
    return go_to(exchange, web_is_there() ? "/" : "/account");
}

/* ---- /set-up ---- */

int account_show_set_up(struct exchange *exchange, const char *link, int refusal)
{
    struct sink        *sink = &exchange->answer.body;
    struct accounts    *accounts = exchange_accounts(exchange);
    struct account_call call = exchange_account_call(exchange);
    struct account_link found;
    char                login[ACCOUNT_LOGIN_BYTES];
    int ret = accounts == NULL ? ACCOUNT_ERR_ENDED : accounts_read_link(accounts, &call, link, &found, login);
    if (ret != 0 && ret != ACCOUNT_ERR_ENDED)
        return ret;
    if (ret == ACCOUNT_ERR_ENDED)
        refusal = ret;
    account_begin_page(exchange, refusal == 0 ? 200 : problem_http_status(refusal));
    put_refusal(exchange, refusal);
    if (ret == 0) {
        sink_text(sink, "<form method=\"post\" action=\"/set-up\"><input type=\"hidden\" name=\"link\" value=\"");
        account_put_safe(sink, link);
        sink_text(sink, "\">");
        if (id_is_missing(&found.user)) {
            sink_text(sink, "<p>This makes the first administrator. <span lang=\"zh\">创建首位管理员。</span></p>");
            put_field(sink, "login", "text", "username", "Login", "登录名");
            put_field(sink, "name", "text", "name", "Name in the office", "姓名");
        } else {
            sink_text(sink, "<p>Login <span lang=\"zh\">登录名</span>: <strong>");
            account_put_safe(sink, login);
            sink_text(sink, "</strong></p>");
        }
        put_field(sink, "password", "password", "new-password",
                  "New password, 12 characters or more; a sentence is good", "新密码（至少 12 个字符，可用一句话）");
        put_button(sink, "set", "Go on", "继续");
        sink_text(sink, "</form>");
        if (strcmp(found.kind, ACCOUNT_LINK_INVITE) == 0)
            put_provider(exchange, link);
    }
    account_end_page(exchange);
    return 0;
}

int account_page_set_up(struct exchange *exchange)
{
    const char *link = exchange_query(exchange, "link");
    return account_show_set_up(exchange, link != NULL ? link : "", 0);
}

int account_form_set_up(struct exchange *exchange)
{
    struct account_signed made;
    const char           *link = value(exchange, "link");
    struct account_use    use = { .link = link,
                                  .login = value(exchange, "login"),
                                  .name = value(exchange, "name"),
                                  .password = value(exchange, "password") };
    int                   ret = account_do_link(exchange, &use, &made);
    if (ret != 0)
        return words_of(ret) != NULL ? account_show_set_up(exchange, link, ret) : ret;
    account_set_cookies(exchange, &made);
    return go_to(exchange, "/account");
}

/* ---- /account ---- */

static void put_code_form(struct sink *sink)
{
    sink_text(sink, "<form method=\"post\" action=\"/account\">");
    put_field(sink, "code", "text", "one-time-code", "Code of six digits, or a recovery code", "六位验证码或恢复码");
    put_button(sink, "code", "Confirm", "确认");
    sink_text(sink, "</form>");
}

static void put_own(struct exchange *exchange, const struct account_user *user)
{
    const struct account_who *who = exchange->caller.who;
    struct sink              *sink = &exchange->answer.body;
    unsigned                  roles = account_roles(who->grants, who->num_grants, exchange->now);
    sink_text(sink, "<p>Signed in as <span lang=\"zh\">已登录</span>: <strong>");
    account_put_safe(sink, user->login);
    sink_text(sink, "</strong></p><ul>");
    for (int role = 1; role < ACCESS_NUM_ROLES; role++)
        if ((roles >> role & 1) != 0)
            sink_format(sink, "<li>%s</li>", access_role_word((enum access_role) role));
    sink_text(sink, "</ul>");
    if (who->session.factor != INSTANT_MISSING)
        sink_text(sink, "<p>Second factor: given. <span lang=\"zh\">第二因素：已通过。</span></p>");
    else if (who->has_factor)
        put_code_form(sink);
    else
        sink_text(sink, "<p>Second factor: none yet. Administrators and whoever reads identities need one. "
                        "<span lang=\"zh\">尚未登记第二因素；管理员及查看身份信息者必须登记。</span></p>");
    sink_text(sink, "<form method=\"post\" action=\"/account\">");
    if (!who->has_factor || who->session.factor != INSTANT_MISSING)
        put_button(sink, "offer", "New second factor", "登记新的第二因素");
    put_button(sink, "out", "Sign out", "退出");
    sink_text(sink, "</form>");
    if (web_is_there())
        sink_text(sink, "<p><a href=\"/\">To the situation <span lang=\"zh\">前往态势页面</span></a></p>");
}

static int page_own(struct exchange *exchange, int refusal)
{
    struct account_user user;
    int                 ret = account_user_read(exchange->reader, &exchange->caller.who->session.user, &user);
    if (ret != 0)
        return ret;
    account_begin_page(exchange, refusal == 0 ? 200 : problem_http_status(refusal));
    put_refusal(exchange, refusal);
    put_own(exchange, &user);
    account_end_page(exchange);
    return 0;
}

int account_page_own(struct exchange *exchange)
{
    return exchange->caller.kind == CALLER_PERSON && exchange->caller.who != NULL ? page_own(exchange, 0)
                                                                                  : go_to(exchange, "/sign-in");
}

static int offer(struct exchange *exchange)
{
    struct account_call  call = exchange_account_call(exchange);
    struct account_offer made;
    struct sink         *sink = &exchange->answer.body;
    int                  ret = accounts_offer_factor(exchange_accounts(exchange), &call, exchange->caller.who, &made);
    if (ret != 0)
        return ret;
    account_begin_page(exchange, 200);
    sink_text(sink,
              "<p>Type this into an authenticator on your phone (time-based, 6 digits), then its first code here. "
              "<span lang=\"zh\">在手机验证器中输入以下密钥（基于时间，6 位），再填写首个验证码。</span></p><p><code>");
    account_put_safe(sink, made.secret);
    sink_text(sink, "</code></p><p><code>");
    account_put_safe(sink, made.uri);
    sink_text(sink, "</code></p>");
    put_code_form(sink);
    account_end_page(exchange);
    explicit_bzero(&made, sizeof made);
    return 0;
}

static int give_code(struct exchange *exchange)
{
    struct account_signed made;
    struct sink          *sink = &exchange->answer.body;
    int                   ret = account_do_factor(exchange, value(exchange, "code"), &made);
    if (ret != 0)
        return words_of(ret) != NULL ? page_own(exchange, ret) : ret;
    account_set_cookies(exchange, &made);
    if (made.codes == NULL)
        return go_to(exchange, "/account");
    account_begin_page(exchange, 200);
    sink_text(sink, "<p>Your recovery codes, shown once: print them. Each serves once, where the phone is lost. "
                    "<span lang=\"zh\">恢复码仅显示一次，请打印保存；每个只能使用一次。</span></p><p><code>");
    for (size_t i = 0; i < RECOVERY_CODES; i++)
        sink_format(sink, "%s<br>", made.codes[i]);
    sink_text(sink, "</code></p><p><a href=\"/account\">Go on <span lang=\"zh\">继续</span></a></p>");
    account_end_page(exchange);
    return 0;
}

int account_form_own(struct exchange *exchange)
{
    const char *action = value(exchange, "action");
    if (strcmp(action, "offer") == 0)
        return offer(exchange);
    if (strcmp(action, "code") == 0)
        return give_code(exchange);
    int ret = accounts_sign_out(exchange_accounts(exchange), exchange->caller.who);
    if (ret != 0)
        return ret;
    account_clear_cookies(exchange);
    return go_to(exchange, exchange_provider(exchange) != NULL ? "/sign-in?out=yes" : "/sign-in");
}
