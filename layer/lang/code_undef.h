/* code_undef.h -- forget the row macros of code.def: it is read several times. */
#undef ARITH
#undef FARITH
#undef COMPARE
#undef FCOMPARE
#undef BINARY
#undef UNARY
#undef TRAPPING
#undef TRAPPING1
#undef LOAD
#undef STORE
#undef OTHER
