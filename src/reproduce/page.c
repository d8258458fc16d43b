/* SPDX-License-Identifier: MIT */
#include "reproduce/page.h"

#include "base/memory.h"
#include "report/page_again.h"
#include "report/report.h"
#include "reproduce/claims.h"
#include "reproduce/section_audit.h"
#include "reproduce/section_discussion.h"
#include "reproduce/section_header.h"
#include "reproduce/section_networks.h"
#include "reproduce/section_results.h"

static report_section *const sections[] = {section_header,     section_data,  section_networks, section_results,
                                           section_discussion, section_audit, page_again,       NULL};

static ocellus_status find_claims(const struct reproduce_page_request *request, struct report_row *rows,
                                  struct figure_mark *marks, const struct original_claim **claims) {
    for (size_t i = 0; i < request->row_count; i++) {
        const struct reproduce_page_row *row = &request->rows[i];
        claims[i] = original_claim_named(row->claim);
        if (claims[i] == NULL) return fail(OCELLUS_USAGE, "reproduce: row \"%s\": no such claim", row->claim);
        marks[i] = (struct figure_mark){claims[i]->test_accuracy, "claimed test accuracy"};
        rows[i] = (struct report_row){.run = row->run,
                                      .reason = row->reason,
                                      .title = claims[i]->title,
                                      .key = claims[i]->key,
                                      .mark = &marks[i]};
    }
    return OCELLUS_OK;
}

ocellus_status reproduce_page_write(const struct reproduce_page_request *request, char page[FILE_PATH_SIZE]) {
    size_t count = request->row_count;
    struct report_row *rows = memory_allocate(count, sizeof *rows);
    struct figure_mark *marks = memory_allocate(count, sizeof *marks);
    const struct original_claim **of = memory_allocate(count, sizeof *of);
    struct claims claims = {of, request->full, request->full_count};
    struct report_request all = {.folder = request->folder,
                                 .rows = rows,
                                 .row_count = count,
                                 .train = request->train,
                                 .test = request->test,
                                 .sections = sections,
                                 .context = &claims};
    ocellus_status status = rows && marks && of ? find_claims(request, rows, marks, of) : OCELLUS_IO;
    if (status == OCELLUS_OK) status = report_write(&all, page);
    memory_free(rows);
    memory_free(marks);
    memory_free(of);
    return status;
}
