-- An incident is kept whole in `body`; the columns are what it is looked up by.
DROP TABLE incident;
CREATE TABLE incident (
  number INTEGER PRIMARY KEY,
  merchant_id TEXT NOT NULL,
  rule TEXT NOT NULL,
  state TEXT NOT NULL,
  last_at INTEGER NOT NULL,
  due_at INTEGER,
  body TEXT NOT NULL
) STRICT;
CREATE INDEX incident_open ON incident (merchant_id, number) WHERE state <> 'resolved';
CREATE INDEX incident_by_time ON incident (merchant_id, last_at);
CREATE INDEX incident_due ON incident (due_at) WHERE due_at IS NOT NULL;

-- Which failed operations an incident is about.
CREATE TABLE incident_operation (
  merchant_id TEXT NOT NULL,
  operation_id TEXT NOT NULL,
  number INTEGER NOT NULL,
  PRIMARY KEY (merchant_id, operation_id)
) STRICT;
CREATE INDEX incident_operation_by_number ON incident_operation (number);

CREATE TABLE incident_event (
  id INTEGER PRIMARY KEY,
  number INTEGER NOT NULL,
  at INTEGER NOT NULL,
  what TEXT NOT NULL,
  who TEXT NOT NULL
) STRICT;
CREATE INDEX incident_event_by_number ON incident_event (number, at);

CREATE TABLE silence (
  id INTEGER PRIMARY KEY,
  merchant_id TEXT NOT NULL,
  terminals TEXT NOT NULL,
  classes TEXT NOT NULL,
  rule TEXT NOT NULL,
  until_at INTEGER NOT NULL,
  until_recovery INTEGER NOT NULL,
  author_id INTEGER NOT NULL,
  author_name TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  comment TEXT NOT NULL,
  ended_at INTEGER
) STRICT;
CREATE INDEX silence_active ON silence (merchant_id, until_at) WHERE ended_at IS NULL;

-- The message of an incident in a chat, rewritten while it lasts: `body` is what it should say, `dirty` that it does
-- not, `shown_at` when it last did (0: nobody has seen one), `repeated` that it may stand there twice, `anew` that the
-- chat has moved away from its message.
CREATE TABLE living (
  incident INTEGER NOT NULL,
  chat_id INTEGER NOT NULL,
  thread_id INTEGER NOT NULL,
  message_id INTEGER,
  body TEXT NOT NULL,
  dirty INTEGER NOT NULL DEFAULT 0,
  due_at INTEGER NOT NULL,
  shown_at INTEGER NOT NULL DEFAULT 0,
  repeated INTEGER NOT NULL DEFAULT 0,
  anew INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (incident, chat_id, thread_id)
) STRICT;
CREATE INDEX living_by_chat ON living (chat_id, thread_id);
CREATE INDEX living_dirty ON living (due_at) WHERE dirty = 1;

-- say: a notice, several may go together; open: an incident's living message; reply: one change of an incident.
ALTER TABLE outbox ADD COLUMN action TEXT NOT NULL DEFAULT 'say';
ALTER TABLE outbox ADD COLUMN incident INTEGER;
CREATE INDEX outbox_by_incident ON outbox (incident, chat_id, thread_id) WHERE incident IS NOT NULL;

-- What was told of a source is an incident now.
ALTER TABLE source DROP COLUMN told;
