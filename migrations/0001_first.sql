-- Times are microseconds since 1970 UTC, money is tiyn.

-- How far each merchant's operations have been read.
CREATE TABLE source (
  merchant_id TEXT PRIMARY KEY,
  watching_since_at INTEGER NOT NULL,
  through_at INTEGER,
  dialect TEXT NOT NULL DEFAULT '{}',
  last_ok_at INTEGER,
  lost_at INTEGER,
  told TEXT,
  last_error TEXT NOT NULL DEFAULT '',
  set_aside INTEGER NOT NULL DEFAULT 0
) STRICT;

-- What of each re-read is still to do: [start_at, end_at), next run at due_at.
CREATE TABLE tier (
  merchant_id TEXT NOT NULL,
  name TEXT NOT NULL,
  start_at INTEGER NOT NULL,
  end_at INTEGER NOT NULL,
  due_at INTEGER NOT NULL,
  PRIMARY KEY (merchant_id, name)
) STRICT;

-- Records of the bank that could not be read, each told once.
CREATE TABLE bad_record (
  merchant_id TEXT NOT NULL,
  digest TEXT NOT NULL,
  what TEXT NOT NULL,
  seen_at INTEGER NOT NULL,
  PRIMARY KEY (merchant_id, digest)
) STRICT;

CREATE TABLE operation (
  merchant_id TEXT NOT NULL,
  id TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  invoice_id TEXT NOT NULL,
  terminal_id TEXT NOT NULL,
  amount INTEGER NOT NULL,
  currency TEXT NOT NULL,
  outcome TEXT NOT NULL,
  status TEXT NOT NULL,
  code TEXT NOT NULL,
  reason_code INTEGER NOT NULL,
  reason_class TEXT,
  reason TEXT NOT NULL,
  reference TEXT NOT NULL,
  account_id TEXT NOT NULL,
  description TEXT NOT NULL,
  sender_card TEXT NOT NULL,
  sender_brand TEXT NOT NULL,
  sender_issuer TEXT NOT NULL,
  receiver_card TEXT NOT NULL,
  receiver_brand TEXT NOT NULL,
  receiver_issuer TEXT NOT NULL,
  payer_name TEXT NOT NULL,
  payer_phone TEXT NOT NULL,
  payer_email TEXT NOT NULL,
  first_seen_at INTEGER NOT NULL,
  recheck_at INTEGER,
  missing_at INTEGER,
  PRIMARY KEY (merchant_id, id)
) STRICT;
CREATE INDEX operation_by_time ON operation (merchant_id, created_at);
CREATE INDEX operation_by_invoice ON operation (merchant_id, invoice_id, created_at);
CREATE INDEX operation_to_recheck ON operation (merchant_id, recheck_at) WHERE recheck_at IS NOT NULL;

-- Changes after the first sight only.
CREATE TABLE operation_change (
  merchant_id TEXT NOT NULL,
  operation_id TEXT NOT NULL,
  at INTEGER NOT NULL,
  outcome_before TEXT NOT NULL,
  outcome_after TEXT NOT NULL,
  status_before TEXT NOT NULL,
  status_after TEXT NOT NULL,
  amount_before INTEGER NOT NULL,
  amount_after INTEGER NOT NULL,
  reason_code_after INTEGER NOT NULL
) STRICT;
CREATE INDEX operation_change_by_operation ON operation_change (merchant_id, operation_id, at);

-- An invoice counts in the hour of its first attempt.
CREATE TABLE invoice (
  merchant_id TEXT NOT NULL,
  invoice_id TEXT NOT NULL,
  first_at INTEGER NOT NULL,
  terminal_id TEXT NOT NULL,
  currency TEXT NOT NULL,
  outcome TEXT NOT NULL,
  PRIMARY KEY (merchant_id, invoice_id)
) STRICT;
CREATE INDEX invoice_by_time ON invoice (merchant_id, first_at);

-- Stored sums, rebuildable from operation and invoice.
CREATE TABLE rollup_minute (
  merchant_id TEXT NOT NULL,
  start_at INTEGER NOT NULL,
  terminal_id TEXT NOT NULL,
  currency TEXT NOT NULL,
  outcome TEXT NOT NULL,
  count INTEGER NOT NULL,
  sum INTEGER NOT NULL,
  PRIMARY KEY (merchant_id, start_at, terminal_id, currency, outcome)
) STRICT;

CREATE TABLE rollup_hour (
  merchant_id TEXT NOT NULL,
  start_at INTEGER NOT NULL,
  terminal_id TEXT NOT NULL,
  currency TEXT NOT NULL,
  outcome TEXT NOT NULL,
  reason_code INTEGER NOT NULL,
  count INTEGER NOT NULL,
  sum INTEGER NOT NULL,
  PRIMARY KEY (merchant_id, start_at, terminal_id, currency, outcome, reason_code)
) STRICT;

CREATE TABLE rollup_invoice (
  merchant_id TEXT NOT NULL,
  start_at INTEGER NOT NULL,
  terminal_id TEXT NOT NULL,
  currency TEXT NOT NULL,
  outcome TEXT NOT NULL,
  count INTEGER NOT NULL,
  PRIMARY KEY (merchant_id, start_at, terminal_id, currency, outcome)
) STRICT;

CREATE TABLE incident (
  number INTEGER PRIMARY KEY,
  rule TEXT NOT NULL,
  merchant_id TEXT NOT NULL,
  key TEXT NOT NULL,
  severity TEXT NOT NULL,
  state TEXT NOT NULL,
  opened_at INTEGER NOT NULL,
  last_at INTEGER NOT NULL,
  count INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX incident_open ON incident (merchant_id, rule, key) WHERE state <> 'resolved';

CREATE TABLE destination (
  chat_id INTEGER NOT NULL,
  thread_id INTEGER NOT NULL,
  kind TEXT NOT NULL,
  title TEXT NOT NULL,
  language TEXT NOT NULL,
  timezone TEXT NOT NULL,
  subscribed INTEGER NOT NULL DEFAULT 0,
  disabled_reason TEXT,
  PRIMARY KEY (chat_id, thread_id)
) STRICT;

-- What is to be said, with the values as they were when it happened.
CREATE TABLE outbox (
  id INTEGER PRIMARY KEY,
  dedup TEXT NOT NULL UNIQUE,
  chat_id INTEGER NOT NULL,
  thread_id INTEGER NOT NULL,
  body TEXT NOT NULL,
  state TEXT NOT NULL,
  attempts INTEGER NOT NULL DEFAULT 0,
  unsure INTEGER NOT NULL DEFAULT 0,
  batch INTEGER,
  created_at INTEGER NOT NULL,
  due_at INTEGER NOT NULL,
  attempted_at INTEGER,
  sent_at INTEGER,
  message_id INTEGER,
  problem TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX outbox_waiting ON outbox (chat_id, thread_id, id) WHERE state = 'waiting';
CREATE INDEX outbox_by_chat ON outbox (chat_id, id);
CREATE INDEX outbox_by_sending ON outbox (sent_at) WHERE sent_at IS NOT NULL;
CREATE INDEX outbox_undelivered ON outbox (state) WHERE state IN ('dead', 'uncertain');

-- Telegram's updates as they came, until they are handled.
CREATE TABLE inbox (
  update_id INTEGER PRIMARY KEY,
  body TEXT NOT NULL,
  received_at INTEGER NOT NULL,
  handled_at INTEGER,
  problem TEXT
) STRICT;
CREATE INDEX inbox_unhandled ON inbox (update_id) WHERE handled_at IS NULL;
