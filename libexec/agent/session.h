/* session.h -- one conversation of the agent, in a process of its own. */
#ifndef LIBEXEC_AGENT_SESSION_H
#define LIBEXEC_AGENT_SESSION_H

/* Serve who is connected; takes fd.  Returns when there is nothing more to say. */
void session_serve(int fd);

#endif
