/* msvcp140_error.h -- <system_error>: categories and what their numbers are called. */
#ifndef LAYER_API_DLL_MSVCP140_ERROR_H
#define LAYER_API_DLL_MSVCP140_ERROR_H

/* By these addresses programs know that two modules' categories are one. */
enum error_category { ERROR_GENERIC = 3, ERROR_IOSTREAM = 5 };

const void *msvcp140_error_category(enum error_category which);
const char *msvcp140_error_text(int value);     /* of the generic category: errno's */

#endif
