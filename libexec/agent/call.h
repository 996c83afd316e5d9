/* call.h -- the host's end of a conversation with the agent. */
#ifndef LIBEXEC_AGENT_CALL_H
#define LIBEXEC_AGENT_CALL_H

/* Ask the agent behind the computer's vsock socket what our environment says; our standard
 * descriptors are the program's.  Returns the exit status. */
int call_run(char *socket);

#endif
