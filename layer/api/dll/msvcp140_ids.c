/* SPDX-License-Identifier: Apache-2.0 */
/* msvcp140_ids.c -- the ids of the standard facets, whoever has the facets' code. */
#include "layer/api/dll/msvcp140_num.h"

size_t msvcp140_id_numpunct, msvcp140_id_wnumpunct, msvcp140_id_num_put, msvcp140_id_wnum_put,
        msvcp140_id_num_get, msvcp140_id_wnum_get, msvcp140_id_ctype, msvcp140_id_wctype,
        msvcp140_id_codecvt, msvcp140_id_wcodecvt, msvcp140_id_codecvt16, msvcp140_id_codecvt32,
        msvcp140_id_collate, msvcp140_id_wcollate, msvcp140_id_messages, msvcp140_id_wmessages,
        msvcp140_id_money_get, msvcp140_id_wmoney_get, msvcp140_id_money_put,
        msvcp140_id_wmoney_put, msvcp140_id_moneypunct, msvcp140_id_wmoneypunct,
        msvcp140_id_moneypunct_intl, msvcp140_id_wmoneypunct_intl, msvcp140_id_time_get,
        msvcp140_id_wtime_get, msvcp140_id_time_put, msvcp140_id_wtime_put;
