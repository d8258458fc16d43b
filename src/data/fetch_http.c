/* SPDX-License-Identifier: MIT */
/* Downloads over https with libcurl, which is named here alone. */
#include "data/fetch_http.h"

#ifdef OCELLUS_FETCH

#include "base/files.h"
#include "base/log.h"
#include "base/progress.h"
#include "base/retry.h"
#include "base/sizes.h"

#include <curl/curl.h>
#include <fcntl.h>
#include <ocellus/version.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { CONNECT_SECONDS = 20, STALL_SECONDS = 60, STALL_BYTES_A_SECOND = 1024, MOST_REDIRECTS = 5 };

struct download {
    CURL *curl;
    FILE *stream;
    int file; /* below the stream, which owns it */
    const char *path;
    size_t limit;
    uint64_t kept; /* bytes an earlier download left */
    uint64_t size; /* bytes in the file now */
    bool answered; /* the first bytes of this answer are here */
    struct progress progress;
    ocellus_status status; /* of our own part */
};

static long response_code(CURL *curl) {
    long code = 0;
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &code);
    return code;
}

/* A server that ignores the range sends the whole file (200, not 206): what was kept must go. */
static ocellus_status start_answer(struct download *download) {
    download->answered = true;
    progress_begin(&download->progress, "downloading", "B", 0);
    if (download->kept == 0 || response_code(download->curl) == 206) return OCELLUS_OK;
    log_detail("%s: the server cannot go on where the download broke; starting again", download->path);
    if (fflush(download->stream) != 0 || RETRY(ftruncate(download->file, 0)) != 0) {
        return fail_errno(errno, "%s: cannot cut back", download->path);
    }
    download->kept = download->size = 0;
    return OCELLUS_OK;
}

static ocellus_status add_piece(struct download *download, const char *bytes, size_t size) {
    if (!download->answered) TRY(start_answer(download));
    if (size > download->limit - download->size) {
        download->size = 0; /* nothing of it is worth going on from */
        return fail(OCELLUS_IO, "%s: the download is larger than %zu bytes", download->path, download->limit);
    }
    if (fwrite(bytes, 1, size, download->stream) != size) return fail_errno(errno, "%s: cannot write", download->path);
    download->size += size;
    return OCELLUS_OK;
}

static size_t on_bytes(char *bytes, size_t one, size_t size, void *context) {
    struct download *download = context;
    (void)one;
    download->status = add_piece(download, bytes, size);
    return download->status == OCELLUS_OK ? size : 0;
}

static int on_progress(void *context, curl_off_t total, curl_off_t now, curl_off_t up_total, curl_off_t up_now) {
    struct download *download = context;
    (void)now, (void)up_total, (void)up_now;
    if (!download->answered) return 0;
    download->progress.total = total > 0 ? download->kept + (uint64_t)total : 0;
    progress_update(&download->progress, download->size);
    return 0;
}

static void set_options(struct download *download, const char *address, const char *range, char *error) {
    CURL *curl = download->curl;
    curl_easy_setopt(curl, CURLOPT_URL, address);
#if LIBCURL_VERSION_NUM >= 0x075500
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "https");
    curl_easy_setopt(curl, CURLOPT_REDIR_PROTOCOLS_STR, "https");
#else
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS, (long)CURLPROTO_HTTPS);
    curl_easy_setopt(curl, CURLOPT_REDIR_PROTOCOLS, (long)CURLPROTO_HTTPS);
#endif
    curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 1L);
    curl_easy_setopt(curl, CURLOPT_MAXREDIRS, (long)MOST_REDIRECTS);
    curl_easy_setopt(curl, CURLOPT_FAILONERROR, 1L);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, (long)CONNECT_SECONDS);
    curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, (long)STALL_SECONDS);
    curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, (long)STALL_BYTES_A_SECOND);
    curl_easy_setopt(curl, CURLOPT_MAXFILESIZE_LARGE, (curl_off_t)download->limit);
    curl_easy_setopt(curl, CURLOPT_USERAGENT, "ocellus/" OCELLUS_VERSION);
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, error);
    /* Not CURLOPT_RESUME_FROM: with it libcurl gives up on a server that answers 200. */
    curl_easy_setopt(curl, CURLOPT_RANGE, range);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_bytes);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, download);
    curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, on_progress);
    curl_easy_setopt(curl, CURLOPT_XFERINFODATA, download);
}

/* Into the open file, from where it ends. */
static ocellus_status transfer(struct download *download, const char *address) {
    download->curl = curl_easy_init();
    if (!download->curl) return fail(OCELLUS_IO, "libcurl could not start");
    char error[CURL_ERROR_SIZE] = "", range[32];
    snprintf(range, sizeof range, "%llu-", (unsigned long long)download->kept);
    set_options(download, address, download->kept > 0 ? range : NULL, error);
    const CURLcode code = curl_easy_perform(download->curl);
    if (download->answered) progress_end(&download->progress, download->size);
    const long response = response_code(download->curl);
    curl_easy_cleanup(download->curl);
    if (download->status != OCELLUS_OK) return download->status;
    if (download->kept > 0 && response == 416) return OCELLUS_OK; /* nothing lies beyond what is kept: all is here */
    if (code == CURLE_OK) return OCELLUS_OK;
    return fail(OCELLUS_IO, "%s", error[0] ? error : curl_easy_strerror(code));
}

ocellus_status fetch_download(const char *address, size_t limit, const char *path) {
    int file = RETRY(open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666));
    FILE *stream = file < 0 ? NULL : file_stream(file);
    if (!stream) return fail_errno(errno, "%s: cannot open", path);
    struct download download = {.stream = stream, .file = file, .path = path, .limit = limit};
    ocellus_status status = file_size(path, &download.kept);
    if (status == OCELLUS_OK && download.kept > limit) {
        status = fail(OCELLUS_IO, "%s: larger than %zu bytes; remove it", path, limit);
    }
    download.size = download.kept;
    if (status == OCELLUS_OK && download.kept > 0) {
        log_info("going on with a download of which %.1f MB are here", size_megabytes(download.kept));
    }
    if (status == OCELLUS_OK) status = transfer(&download, address);
    if (fclose(stream) != 0 && status == OCELLUS_OK) status = fail_errno(errno, "%s: cannot write", path);
    if (download.size == 0) unlink(path); /* nothing to go on from */
    return status;
}

#else
typedef int fetch_http_is_off;
#endif
