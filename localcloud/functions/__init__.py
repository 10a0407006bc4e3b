"""Lambda on localhost: every function under the real runtime client, one process for each concurrent invocation."""
