/* csr.h -- names of the bits of control registers (privileged architecture 3.1, 12.1). */
#ifndef LAYER_HAL_RV_CSR_H
#define LAYER_HAL_RV_CSR_H

#include <stdint.h>

#define BIT(n) (UINT64_C(1) << (n))

#define MSTATUS_SIE  BIT(1)
#define MSTATUS_MIE  BIT(3)
#define MSTATUS_SPIE BIT(5)
#define MSTATUS_MPIE BIT(7)
#define MSTATUS_SPP  BIT(8)
#define MSTATUS_MPP  (BIT(11) | BIT(12))
#define MSTATUS_FS   (BIT(13) | BIT(14))
#define MSTATUS_MPRV BIT(17)
#define MSTATUS_SUM  BIT(18)
#define MSTATUS_MXR  BIT(19)
#define MSTATUS_TVM  BIT(20)
#define MSTATUS_TW   BIT(21)
#define MSTATUS_TSR  BIT(22)
#define MSTATUS_XLEN (BIT(33) | BIT(35)) /* UXL and SXL: 64 */
#define MSTATUS_SD   BIT(63)

#define ENVCFG_FIOM   BIT(0)
#define ENVCFG_CBIE   (BIT(4) | BIT(5))
#define ENVCFG_CBCFE  BIT(6)
#define ENVCFG_CBZE   BIT(7)
#define MENVCFG_ADUE  BIT(61)
#define MENVCFG_PBMTE BIT(62)
#define MENVCFG_STCE  BIT(63)

/* Numbers of those that others ask for. */
enum csr {
#define CSR(number, name)              CSR_##name = (number),
#define CSR_FIELD(number, name, mask)  CSR_##name = (number),
#define CSR_CONST(number, name, value) CSR_##name = (number),
#define CSR_RANGE(first, last, name)   CSR_##name = (first),
#include "layer/hal/rv/csr.def"
#undef CSR
#undef CSR_FIELD
#undef CSR_CONST
#undef CSR_RANGE
};

#endif
