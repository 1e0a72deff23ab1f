-- Words too long for a button, which carries the id. user_id 0: for everybody in the chat.
CREATE TABLE saved_query (
  id TEXT PRIMARY KEY,
  chat_id INTEGER NOT NULL,
  user_id INTEGER NOT NULL,
  words TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  UNIQUE (chat_id, user_id, words)
) STRICT;
CREATE INDEX saved_query_by_age ON saved_query (created_at);
