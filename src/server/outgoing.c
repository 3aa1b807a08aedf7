/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/outgoing.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <curl/curl.h>
#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "base/text.h"
#include "tocsin/status.h"

/* ---- addresses ---- */

static bool is_loopback_host(const char *host, size_t size)
{
    static const char *const names[] = { "localhost", "127.0.0.1", "[::1]" };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (text_equal_nocase(host, size, names[i], strlen(names[i])))
            return true;
    return false;
}

bool outgoing_url_allowed(const char *url, bool *loopback)
{
    bool        tls = strncmp(url, "https://", 8) == 0;
    size_t      size = strlen(url);
    const char *host = url + (tls ? 8 : 7);
    if ((!tls && strncmp(url, "http://", 7) != 0) || size >= OUTGOING_URL_BYTES || strchr(url, '#') != NULL)
        return false;
    for (size_t i = 0; i < size; i++)
        if (url[i] <= ' ' || url[i] >= 0x7f || strchr("\"<>\\^`{|}", url[i]) != NULL)
            return false;
    size_t      all = strcspn(host, "/?"), name = host[0] == '[' ? strcspn(host, "]") + 1 : strcspn(host, ":/?");
    const char *port = host + name;
    if (name == 0 || name > all || memchr(host, '@', all) != NULL || (*port != ':' && name != all))
        return false;
    if (*port == ':' && (all - name < 2 || all - name > 6 || strspn(port + 1, "0123456789") < all - name - 1))
        return false;
    *loopback = is_loopback_host(host, name);
    return tls || *loopback;
}

static bool is_allowed_4(uint32_t address, bool loopback)
{
    unsigned first = address >> 24;
    if (first == 127)
        return loopback;
    return first != 0 && first < 224 && address >> 16 != 0xa9fe; /* many, later use; 169.254: a link's own */
}

bool outgoing_address_allowed(const struct sockaddr *address, bool loopback)
{
    struct in6_addr six;
    uint32_t        four;
    if (address->sa_family == AF_INET) {
        memcpy(&four, &((const struct sockaddr_in *) (const void *) address)->sin_addr, sizeof four);
        return is_allowed_4(ntohl(four), loopback);
    }
    if (address->sa_family != AF_INET6)
        return false;
    memcpy(&six, &((const struct sockaddr_in6 *) (const void *) address)->sin6_addr, sizeof six);
    if (IN6_IS_ADDR_V4MAPPED(&six)) {
        memcpy(&four, six.s6_addr + 12, sizeof four);
        return is_allowed_4(ntohl(four), loopback);
    }
    if (IN6_IS_ADDR_LOOPBACK(&six))
        return loopback;
    return !IN6_IS_ADDR_UNSPECIFIED(&six) && !IN6_IS_ADDR_LINKLOCAL(&six) && !IN6_IS_ADDR_MULTICAST(&six) &&
           !IN6_IS_ADDR_V4COMPAT(&six);
}

bool outgoing_add_pair(char *text, size_t size, const char *name, const char *value)
{
    static const char digits[] = "0123456789ABCDEF";
    size_t            used = strlen(text);
    int               length = snprintf(text + used, size - used, "%s%s=", used > 0 ? "&" : "", name);
    if (length < 0 || (size_t) length >= size - used)
        return false;
    for (used += (size_t) length; *value != '\0'; value++) {
        unsigned char byte = (unsigned char) *value;
        if (used + 4 > size)
            return false;
        if (isalnum(byte) || strchr("-._~", byte) != NULL) {
            text[used++] = (char) byte;
        } else {
            text[used++] = '%';
            text[used++] = digits[byte >> 4];
            text[used++] = digits[byte & 15];
        }
        text[used] = '\0';
    }
    return true;
}

/* ---- a request ---- */

struct fetching {
    const struct outgoing *request;
    char                  *body;
    size_t                 size;
    bool                   too_much, refused;
};

static size_t take(char *bytes, size_t one, size_t size, void *context)
{
    struct fetching *fetching = context;
    if (size > fetching->request->most - fetching->size) {
        fetching->too_much = true;
        return 0;
    }
    memcpy(fetching->body + fetching->size, bytes, size * one);
    fetching->size += size;
    return size;
}

static curl_socket_t open_socket(void *context, curlsocktype purpose, struct curl_sockaddr *address)
{
    struct fetching *fetching = context;
    if (purpose != CURLSOCKTYPE_IPCXN || !outgoing_address_allowed(&address->addr, fetching->request->loopback)) {
        fetching->refused = true;
        return CURL_SOCKET_BAD;
    }
    return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

static bool set_bounds(CURL *curl, const struct outgoing *request)
{
    CURLcode code = curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, request->loopback ? "http,https" : "https");
    code |= curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
    code |= curl_easy_setopt(curl, CURLOPT_PROXY, ""); /* nor what the environment says */
    code |= curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    code |= curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, (long) OUTGOING_CONNECT_MS);
    code |= curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long) OUTGOING_WHOLE_MS);
    code |= curl_easy_setopt(curl, CURLOPT_MAXFILESIZE_LARGE, (curl_off_t) request->most);
    code |= curl_easy_setopt(curl, CURLOPT_HTTP_VERSION, (long) CURL_HTTP_VERSION_1_1);
    code |= curl_easy_setopt(curl, CURLOPT_FORBID_REUSE, 1L);
    code |= curl_easy_setopt(curl, CURLOPT_SSLVERSION, (long) CURL_SSLVERSION_TLSv1_2);
    code |= curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 1L);
    code |= curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 2L);
    if (request->authority != NULL) {
        code |= curl_easy_setopt(curl, CURLOPT_CAINFO, request->authority);
        code |= curl_easy_setopt(curl, CURLOPT_CAPATH, NULL);
    }
    return code == CURLE_OK;
}

static bool set_request(CURL *curl, struct fetching *fetching, struct curl_slist *headers)
{
    const struct outgoing *request = fetching->request;
    CURLcode               code = curl_easy_setopt(curl, CURLOPT_URL, request->url);
    code |= curl_easy_setopt(curl, CURLOPT_USERAGENT, "Tocsin");
    code |= curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    if (request->form != NULL || request->json != NULL)
        code |= curl_easy_setopt(curl, CURLOPT_POSTFIELDS, request->json != NULL ? request->json : request->form);
    if (request->user != NULL) {
        code |= curl_easy_setopt(curl, CURLOPT_HTTPAUTH, (long) CURLAUTH_BASIC);
        code |= curl_easy_setopt(curl, CURLOPT_USERNAME, request->user);
        code |= curl_easy_setopt(curl, CURLOPT_PASSWORD, request->password);
    }
    code |= curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take);
    code |= curl_easy_setopt(curl, CURLOPT_WRITEDATA, fetching);
    code |= curl_easy_setopt(curl, CURLOPT_OPENSOCKETFUNCTION, open_socket);
    code |= curl_easy_setopt(curl, CURLOPT_OPENSOCKETDATA, fetching);
    return code == CURLE_OK;
}

static pthread_once_t once = PTHREAD_ONCE_INIT;

static void begin_curl(void)
{
    curl_global_init(CURL_GLOBAL_DEFAULT);
}

static int refuse(struct fault_list *faults, const char *found, const char *allowed)
{
    fault_add(faults, (struct fault_place){ .name = "provider" }, allowed, "%s", found);
    return BASE_ERR_SYSTEM;
}

static int perform(CURL *curl, struct fetching *fetching, struct outgoing_answer *answer, struct fault_list *faults)
{
    long     status = 0;
    CURLcode code = curl_easy_perform(curl);
    if (fetching->refused)
        return refuse(faults, "its name leads to an address that is not asked", "an address of another machine");
    if (fetching->too_much || code == CURLE_FILESIZE_EXCEEDED)
        return refuse(faults, "its answer is too large", NULL);
    if (code == CURLE_OUT_OF_MEMORY)
        return TOC_ERR_NO_MEMORY;
    if (code != CURLE_OK || curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status) != CURLE_OK)
        return refuse(faults, curl_easy_strerror(code), NULL);
    fetching->body[fetching->size] = '\0';
    *answer = (struct outgoing_answer){ .status = (int) status, .body = fetching->body, .size = fetching->size };
    return 0;
}

static struct curl_slist *one_more(struct curl_slist *headers, const char *header)
{
    struct curl_slist *more = headers != NULL ? curl_slist_append(headers, header) : NULL;
    if (more == NULL)
        curl_slist_free_all(headers);
    return more;
}

int outgoing_fetch(const struct outgoing *request, struct arena *arena, struct outgoing_answer *answer,
                   struct fault_list *faults)
{
    struct fetching    fetching = { .request = request, .body = arena_array(arena, request->most + 1, 1) };
    struct curl_slist *headers = curl_slist_append(NULL, "Accept: application/json");
    bool               loopback;
    pthread_once(&once, begin_curl);
    if (request->json != NULL)
        headers = one_more(headers, "Content-Type: application/json");
    if (request->header != NULL)
        headers = one_more(headers, request->header);
    CURL *curl = curl_easy_init();
    int   ret = fetching.body == NULL || headers == NULL || curl == NULL ? TOC_ERR_NO_MEMORY : 0;
    if (ret == 0 && (!outgoing_url_allowed(request->url, &loopback) || (loopback && !request->loopback)))
        ret = refuse(faults, "an address that is not asked", "https:// of another machine");
    if (ret == 0 && (!set_bounds(curl, request) || !set_request(curl, &fetching, headers)))
        ret = TOC_ERR_NO_MEMORY;
    if (ret == 0)
        ret = perform(curl, &fetching, answer, faults);
    curl_easy_cleanup(curl);
    curl_slist_free_all(headers);
    return ret;
}

/* ---- mail ---- */

bool outgoing_mail_url_allowed(const char *url, bool *loopback)
{
    char as_https[OUTGOING_URL_BYTES];
    bool tls = strncmp(url, "smtps://", 8) == 0;
    if ((!tls && strncmp(url, "smtp://", 7) != 0) || strlen(url) + 2 >= sizeof as_https ||
        strpbrk(url + (tls ? 8 : 7), "/?") != NULL)
        return false;
    snprintf(as_https, sizeof as_https, "https://%s", url + (tls ? 8 : 7));
    return outgoing_url_allowed(as_https, loopback);
}

struct mailing {
    struct fetching fetching; /* what judges addresses */
    const char     *text;
    size_t          at, size;
    char           *receipt;
};

static size_t give_text(char *bytes, size_t one, size_t most, void *context)
{
    struct mailing *mailing = context;
    size_t          size = mailing->size - mailing->at < one * most ? mailing->size - mailing->at : one * most;
    memcpy(bytes, mailing->text + mailing->at, size);
    mailing->at += size;
    return size;
}

/* The last thing that the server said once it had the whole text: what it calls the mail. */
static size_t take_receipt(char *bytes, size_t one, size_t size, void *context)
{
    struct mailing *mailing = context;
    size_t          used = 0;
    if (mailing->at < mailing->size || strncmp(bytes, "250", size < 3 ? size : 3) != 0)
        return one * size;
    for (size_t i = 0; i < one * size && used + 1 < OUTGOING_RECEIPT_BYTES; i++)
        if (bytes[i] >= ' ' && bytes[i] < 0x7f)
            mailing->receipt[used++] = bytes[i];
    mailing->receipt[used] = '\0';
    return one * size;
}

static bool set_mail(CURL *curl, const struct outgoing_mail *mail, struct mailing *mailing, struct curl_slist *to)
{
    char     from[OUTGOING_URL_BYTES];
    CURLcode code = curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
    snprintf(from, sizeof from, "<%s>", mail->from);
    code |= curl_easy_setopt(curl, CURLOPT_URL, mail->url);
    code |= curl_easy_setopt(curl, CURLOPT_USE_SSL,
                             mailing->fetching.request->loopback ? (long) CURLUSESSL_TRY : (long) CURLUSESSL_ALL);
    code |= curl_easy_setopt(curl, CURLOPT_MAIL_FROM, from);
    code |= curl_easy_setopt(curl, CURLOPT_MAIL_RCPT, to);
    code |= curl_easy_setopt(curl, CURLOPT_UPLOAD, 1L);
    code |= curl_easy_setopt(curl, CURLOPT_READFUNCTION, give_text);
    code |= curl_easy_setopt(curl, CURLOPT_READDATA, mailing);
    code |= curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, take_receipt);
    code |= curl_easy_setopt(curl, CURLOPT_HEADERDATA, mailing);
    if (mail->user != NULL) {
        code |= curl_easy_setopt(curl, CURLOPT_USERNAME, mail->user);
        code |= curl_easy_setopt(curl, CURLOPT_PASSWORD, mail->password);
    }
    code |= curl_easy_setopt(curl, CURLOPT_OPENSOCKETFUNCTION, open_socket);
    code |= curl_easy_setopt(curl, CURLOPT_OPENSOCKETDATA, &mailing->fetching);
    return code == CURLE_OK;
}

int outgoing_mail(const struct outgoing_mail *mail, char receipt[OUTGOING_RECEIPT_BYTES], struct fault_list *faults)
{
    struct outgoing    bounds = { .url = mail->url, .authority = mail->authority, .most = OUTGOING_RECEIPT_BYTES };
    struct mailing     mailing = { .text = mail->text, .size = strlen(mail->text), .receipt = receipt };
    struct curl_slist *to = curl_slist_append(NULL, mail->to);
    pthread_once(&once, begin_curl);
    CURL *curl = curl_easy_init();
    int   ret = curl == NULL || to == NULL ? TOC_ERR_NO_MEMORY : 0;
    receipt[0] = '\0';
    mailing.fetching.request = &bounds;
    if (ret == 0 && !outgoing_mail_url_allowed(mail->url, &bounds.loopback))
        ret = refuse(faults, "an address that is not asked", "smtp:// or smtps://");
    if (ret == 0 && (!set_bounds(curl, &bounds) || !set_mail(curl, mail, &mailing, to)))
        ret = TOC_ERR_NO_MEMORY;
    CURLcode code = ret == 0 ? curl_easy_perform(curl) : CURLE_OK;
    if (mailing.fetching.refused)
        ret = refuse(faults, "its name leads to an address that is not asked", "an address of another machine");
    else if (code != CURLE_OK)
        ret = refuse(faults, curl_easy_strerror(code), NULL);
    curl_easy_cleanup(curl);
    curl_slist_free_all(to);
    return ret;
}
