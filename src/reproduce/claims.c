/* SPDX-License-Identifier: MIT */
#include "reproduce/claims.h"

const struct original_claim *claims_of(const struct claims *claims, const struct page *page,
                                       const struct page_run *run) {
    return claims->rows[run - page->runs];
}

const struct full_run *claims_full(const struct claims *claims, const struct page *page, const struct page_run *run) {
    return full_run_named(claims->full, claims->full_count, claims_of(claims, page, run)->key);
}
