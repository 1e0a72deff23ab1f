-- SQLite's word for it.
CREATE FUNCTION instr(text, text) RETURNS integer LANGUAGE sql IMMUTABLE PARALLEL SAFE AS 'SELECT strpos($1, $2)';
-- In the "C" collation of our columns LOWER knows ASCII only.
CREATE FUNCTION lower_unicode(text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
  AS 'SELECT lower($1 COLLATE "und-x-icu") COLLATE "C"';

-- A table a month, made when its first operation comes. Empty here: PostgreSQL is new with this version.
CREATE TABLE operation_by_month (
  LIKE operation INCLUDING DEFAULTS INCLUDING GENERATED,
  PRIMARY KEY (merchant_id, id, created_at)
) PARTITION BY RANGE (created_at);
DROP TABLE operation;
ALTER TABLE operation_by_month RENAME TO operation;
CREATE INDEX operation_by_time ON operation (merchant_id, created_at);
CREATE INDEX operation_by_invoice ON operation (merchant_id, invoice_id, created_at);
CREATE INDEX operation_to_recheck ON operation (merchant_id, recheck_at) WHERE recheck_at IS NOT NULL;
CREATE INDEX operation_by_invoice_tail ON operation (merchant_id, invoice_tail);
CREATE INDEX operation_by_sender_card ON operation (merchant_id, sender_card, created_at) WHERE sender_card <> '';
CREATE INDEX operation_by_receiver_card ON operation (merchant_id, receiver_card, created_at)
  WHERE receiver_card <> '';
CREATE INDEX operation_by_reference ON operation (merchant_id, reference) WHERE reference <> '';
CREATE INDEX operation_by_amount ON operation (merchant_id, amount, created_at);
CREATE INDEX operation_by_sight ON operation (merchant_id, first_seen_at);
