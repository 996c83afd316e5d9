/* again.h -- our own binary, started again by a process of a program to be another one.
 */
#ifndef LAYER_API_NT_PROCESS_AGAIN_H
#define LAYER_API_NT_PROCESS_AGAIN_H

/* struct layer's again (core/layer.h): process_new() started it. */
int process_again(int argc, char **argv);

#endif
