-- Who may do what at which merchant; merchant_id '' stands for all of them: the owners of the configuration.
CREATE TABLE person (
  user_id INTEGER NOT NULL,
  merchant_id TEXT NOT NULL,
  role TEXT NOT NULL,
  name TEXT NOT NULL,
  given_by INTEGER NOT NULL,
  given_at INTEGER NOT NULL,
  PRIMARY KEY (user_id, merchant_id)
) STRICT;

-- How much of a merchant may appear in a group or channel: nothing, alerts, payments, figures. A chat without a row is not linked.
CREATE TABLE chat_level (
  chat_id INTEGER NOT NULL,
  merchant_id TEXT NOT NULL,
  level TEXT NOT NULL,
  PRIMARY KEY (chat_id, merchant_id)
) STRICT;
INSERT INTO chat_level SELECT DISTINCT chat_id, '', 'figures' FROM destination WHERE kind <> 'private' AND subscribed = 1;

-- A key that gives a role once; only its hash is kept.
CREATE TABLE invitation (
  id INTEGER PRIMARY KEY,
  key_hash TEXT NOT NULL UNIQUE,
  merchant_id TEXT NOT NULL,
  role TEXT NOT NULL,
  author_id INTEGER NOT NULL,
  author_name TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  ends_at INTEGER NOT NULL,
  used_at INTEGER,
  used_by INTEGER,
  revoked_at INTEGER
) STRICT;

-- Keys that nobody gave out, counted for each person who tried them.
CREATE TABLE wrong_key (
  user_id INTEGER PRIMARY KEY,
  tries INTEGER NOT NULL,
  since_at INTEGER NOT NULL
) STRICT;

-- Groups the bot was added to by somebody who may not let it in.
CREATE TABLE unlinked_chat (
  chat_id INTEGER PRIMARY KEY,
  added_at INTEGER NOT NULL
) STRICT;

-- Who did what, and the merchants it was about. No words that may tell of a payer.
CREATE TABLE audit (
  id INTEGER PRIMARY KEY,
  at INTEGER NOT NULL,
  user_id INTEGER NOT NULL,
  user_name TEXT NOT NULL,
  chat_id INTEGER NOT NULL,
  command TEXT NOT NULL,
  words TEXT NOT NULL,
  refused INTEGER NOT NULL
) STRICT;
CREATE INDEX audit_by_time ON audit (at);
CREATE TABLE audit_merchant (
  audit_id INTEGER NOT NULL,
  merchant_id TEXT NOT NULL,
  PRIMARY KEY (audit_id, merchant_id)
) STRICT;
