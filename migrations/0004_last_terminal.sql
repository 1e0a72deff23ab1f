-- The terminal a chat or topic last named.
CREATE TABLE last_terminal (
  chat_id INTEGER NOT NULL,
  thread_id INTEGER NOT NULL,
  terminal_id TEXT NOT NULL,
  PRIMARY KEY (chat_id, thread_id)
) STRICT;
