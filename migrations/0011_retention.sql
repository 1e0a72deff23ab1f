-- What is no longer kept: operations created before operations_since_at, payers of those before payers_since_at.
-- What the bank shows of them again is not taken in.
CREATE TABLE horizon (
  merchant_id TEXT PRIMARY KEY,
  operations_since_at INTEGER NOT NULL DEFAULT 0,
  payers_since_at INTEGER NOT NULL DEFAULT 0
) STRICT;

-- Operations whose person asked to be forgotten: the bank's next answer does not bring the person back.
CREATE TABLE forgotten (
  merchant_id TEXT NOT NULL,
  operation_id TEXT NOT NULL,
  PRIMARY KEY (merchant_id, operation_id)
) STRICT;

-- What is left of operations and invoices no longer kept: sums by minute, so that every figure stays as it was.
CREATE TABLE dropped_sum (
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

CREATE TABLE dropped_invoice_sum (
  merchant_id TEXT NOT NULL,
  start_at INTEGER NOT NULL,
  terminal_id TEXT NOT NULL,
  currency TEXT NOT NULL,
  outcome TEXT NOT NULL,
  count INTEGER NOT NULL,
  PRIMARY KEY (merchant_id, start_at, terminal_id, currency, outcome)
) STRICT;
