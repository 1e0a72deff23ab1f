-- Sums of all terminals together, and the hours of one terminal side by side: figures of months read few rows.
CREATE TABLE rollup_total (
  merchant_id TEXT NOT NULL,
  start_at INTEGER NOT NULL,
  currency TEXT NOT NULL,
  outcome TEXT NOT NULL,
  reason_code INTEGER NOT NULL,
  count INTEGER NOT NULL,
  sum INTEGER NOT NULL,
  PRIMARY KEY (merchant_id, start_at, currency, outcome, reason_code)
) STRICT;
INSERT INTO rollup_total
SELECT merchant_id, start_at, currency, outcome, reason_code, SUM(count), SUM(sum) FROM rollup_hour GROUP BY 1, 2, 3, 4, 5;

CREATE TABLE rollup_invoice_total (
  merchant_id TEXT NOT NULL,
  start_at INTEGER NOT NULL,
  currency TEXT NOT NULL,
  outcome TEXT NOT NULL,
  count INTEGER NOT NULL,
  PRIMARY KEY (merchant_id, start_at, currency, outcome)
) STRICT;
INSERT INTO rollup_invoice_total
SELECT merchant_id, start_at, currency, outcome, SUM(count) FROM rollup_invoice GROUP BY 1, 2, 3, 4;

ALTER TABLE rollup_hour RENAME TO rollup_hour_before;
CREATE TABLE rollup_hour (
  merchant_id TEXT NOT NULL,
  start_at INTEGER NOT NULL,
  terminal_id TEXT NOT NULL,
  currency TEXT NOT NULL,
  outcome TEXT NOT NULL,
  reason_code INTEGER NOT NULL,
  count INTEGER NOT NULL,
  sum INTEGER NOT NULL,
  PRIMARY KEY (merchant_id, terminal_id, start_at, currency, outcome, reason_code)
) STRICT;
INSERT INTO rollup_hour SELECT * FROM rollup_hour_before;
DROP TABLE rollup_hour_before;

ALTER TABLE rollup_invoice RENAME TO rollup_invoice_before;
CREATE TABLE rollup_invoice (
  merchant_id TEXT NOT NULL,
  start_at INTEGER NOT NULL,
  terminal_id TEXT NOT NULL,
  currency TEXT NOT NULL,
  outcome TEXT NOT NULL,
  count INTEGER NOT NULL,
  PRIMARY KEY (merchant_id, terminal_id, start_at, currency, outcome)
) STRICT;
INSERT INTO rollup_invoice SELECT * FROM rollup_invoice_before;
DROP TABLE rollup_invoice_before;
