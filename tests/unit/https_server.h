/* SPDX-License-Identifier: MIT */
/* For tests: a small https server on 127.0.0.1, in a thread, with a certificate of its own. What it answers is the path's
 * first word. It keeps the last request's range; one connection at a time. */
#ifndef TESTS_UNIT_HTTPS_SERVER_H
#define TESTS_UNIT_HTTPS_SERVER_H

#include <arpa/inet.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct https_server {
    const unsigned char *body; /* what there is to download */
    size_t size;
    int port;
    char range[64];        /* of the last request: "bytes=100-", or empty */
    size_t requests;       /* how many there were */
    int listener, parting; /* closing `parting` ends a stall */
    SSL_CTX *tls;
    pthread_t thread;
};

/* Makes a key and a certificate for "localhost", and writes the certificate to `path`. */
static inline bool https_certificate(SSL_CTX *tls, const char *path) {
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *certificate = X509_new();
    if (!key || !certificate) return false;
    X509_set_version(certificate, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
    X509_gmtime_adj(X509_getm_notBefore(certificate), -3600);
    X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
    X509_set_pubkey(certificate, key);
    X509_NAME *name = X509_get_subject_name(certificate);
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)"localhost", -1, -1, 0);
    X509_set_issuer_name(certificate, name);
    X509_EXTENSION *names = X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, "DNS:localhost");
    X509_add_ext(certificate, names, -1);
    X509_EXTENSION_free(names);
    bool good = X509_sign(certificate, key, EVP_sha256()) > 0;
    good = good && SSL_CTX_use_certificate(tls, certificate) == 1 && SSL_CTX_use_PrivateKey(tls, key) == 1;
    FILE *stream = fopen(path, "w");
    good = good && stream && PEM_write_X509(stream, certificate) == 1;
    if (stream) fclose(stream);
    X509_free(certificate);
    EVP_PKEY_free(key);
    return good;
}

static inline void https_say(SSL *connection, const char *head) {
    SSL_write(connection, head, (int)strlen(head));
}

/* The body from `start`, as much as `send` of it, under a head that promises all of it. */
static inline void https_send(struct https_server *server, SSL *connection, size_t start, size_t send, bool length) {
    char head[256];
    int used = start > 0
                   ? snprintf(head, sizeof head, "HTTP/1.1 206 Partial Content\r\nContent-Range: bytes %zu-%zu/%zu\r\n",
                              start, server->size - 1, server->size)
                   : snprintf(head, sizeof head, "HTTP/1.1 200 OK\r\n");
    if (length)
        used += snprintf(head + used, sizeof head - (size_t)used, "Content-Length: %zu\r\n", server->size - start);
    snprintf(head + used, sizeof head - (size_t)used, "Connection: close\r\n\r\n");
    https_say(connection, head);
    SSL_write(connection, server->body + start, (int)send);
}

static inline void https_answer(struct https_server *server, SSL *connection, const char *path) {
    size_t start = 0, half = server->size / 2;
    char text[512];
    if (server->range[0]) start = strtoull(server->range + strlen("bytes="), NULL, 10);
    if (strncmp(path, "/whole", 6) == 0) {
        if (start < server->size) https_send(server, connection, start, server->size - start, true);
        else
            https_say(connection,
                      "HTTP/1.1 416 Range Not Satisfiable\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    } else if (strncmp(path, "/no-ranges", 10) == 0) {
        https_send(server, connection, 0, server->size, true);
    } else if (strncmp(path, "/unstated", 9) == 0) {
        https_send(server, connection, 0, server->size, false);
    } else if (strncmp(path, "/short", 6) == 0) {
        https_send(server, connection, start, (server->size - start) / 2, true);
    } else if (strncmp(path, "/stall", 6) == 0) {
        char nothing;
        https_send(server, connection, 0, half, true);
        if (read(server->parting, &nothing, 1) < 0) return;
    } else if (strncmp(path, "/to-http", 8) == 0 || strncmp(path, "/to-", 4) == 0) {
        const bool plain = strncmp(path, "/to-http", 8) == 0;
        snprintf(text, sizeof text,
                 "HTTP/1.1 302 Found\r\nLocation: %s://localhost:%d/%s\r\nContent-Length: 4\r\nConnection: "
                 "close\r\n\r\nbody",
                 plain ? "http" : "https", server->port, plain ? "whole" : path + strlen("/to-"));
        https_say(connection, text);
    } else if (strncmp(path, "/loop", 5) == 0) {
        snprintf(text, sizeof text,
                 "HTTP/1.1 302 Found\r\nLocation: %s\r\nContent-Length: 0\r\nConnection: close\r\n\r\n", path);
        https_say(connection, text);
    } else {
        https_say(connection, "HTTP/1.1 404 Not Found\r\nContent-Length: 5\r\nConnection: close\r\n\r\nsorry");
    }
}

static inline void https_serve(struct https_server *server, SSL *connection) {
    char request[4096] = "", path[256] = "";
    size_t used = 0;
    while (!strstr(request, "\r\n\r\n") && used < sizeof request - 1) {
        const int got = SSL_read(connection, request + used, (int)(sizeof request - 1 - used));
        if (got <= 0) return;
        request[used += (size_t)got] = '\0';
    }
    server->requests++;
    server->range[0] = '\0';
    const char *range = strstr(request, "\r\nRange: ");
    if (range) sscanf(range, "\r\nRange: %63[^\r]", server->range);
    if (sscanf(request, "GET %255s", path) == 1) https_answer(server, connection, path);
    SSL_shutdown(connection);
}

static inline void *https_run(void *context) {
    struct https_server *server = context;
    for (int client; (client = accept(server->listener, NULL, NULL)) >= 0;) {
        SSL *connection = SSL_new(server->tls);
        if (connection && SSL_set_fd(connection, client) == 1 && SSL_accept(connection) == 1)
            https_serve(server, connection);
        SSL_free(connection);
        close(client);
    }
    return NULL;
}

/* Serves until https_stop(). `parting` is the end of a pipe or file that a stalled answer waits for. */
static inline bool https_start(struct https_server *server, const unsigned char *body, size_t size, int parting,
                               const char *certificate_path) {
    *server = (struct https_server){.body = body, .size = size, .parting = parting};
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof address;
    server->tls = SSL_CTX_new(TLS_server_method());
    server->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (!server->tls || server->listener < 0 || !https_certificate(server->tls, certificate_path) ||
        bind(server->listener, (struct sockaddr *)&address, sizeof address) != 0 || listen(server->listener, 8) != 0 ||
        getsockname(server->listener, (struct sockaddr *)&address, &length) != 0)
        return false;
    server->port = ntohs(address.sin_port);
    return pthread_create(&server->thread, NULL, https_run, server) == 0;
}

static inline void https_stop(struct https_server *server) {
    shutdown(server->listener, SHUT_RDWR);
    pthread_join(server->thread, NULL);
    close(server->listener);
    SSL_CTX_free(server->tls);
}

#endif
