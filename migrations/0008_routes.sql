-- How loud a chat or topic wants one kind of event; merchant_id and terminal_id '' stand for all of them. A subscribed
-- chat without a row hears everything.
CREATE TABLE subscription (
  chat_id INTEGER NOT NULL,
  thread_id INTEGER NOT NULL,
  merchant_id TEXT NOT NULL,
  terminal_id TEXT NOT NULL,
  kind TEXT NOT NULL,
  min_severity TEXT NOT NULL,
  loudness TEXT NOT NULL,
  PRIMARY KEY (chat_id, thread_id, merchant_id, terminal_id, kind)
) STRICT;

-- Digests a chat or topic wants: `clock` HH:MM in its zone, `day` of the week (Monday 0) or month; next one at due_at.
CREATE TABLE digest_plan (
  chat_id INTEGER NOT NULL,
  thread_id INTEGER NOT NULL,
  kind TEXT NOT NULL,
  clock TEXT NOT NULL,
  day INTEGER NOT NULL,
  due_at INTEGER NOT NULL,
  PRIMARY KEY (chat_id, thread_id, kind)
) STRICT;
CREATE INDEX digest_plan_due ON digest_plan (due_at);

-- Hours without sound, HH:MM on the clock of the chat; empty for none.
ALTER TABLE destination ADD COLUMN quiet_from TEXT NOT NULL DEFAULT '';
ALTER TABLE destination ADD COLUMN quiet_until TEXT NOT NULL DEFAULT '';
