-- What people know of a payment: the end of an invoice (read backwards), a card, an RRN, an amount.
ALTER TABLE operation ADD COLUMN invoice_tail TEXT GENERATED ALWAYS AS (reverse(right(invoice_id, 8))) STORED;
CREATE INDEX operation_by_invoice_tail ON operation (merchant_id, invoice_tail);
CREATE INDEX operation_by_sender_card ON operation (merchant_id, sender_card, created_at) WHERE sender_card <> '';
CREATE INDEX operation_by_receiver_card ON operation (merchant_id, receiver_card, created_at)
  WHERE receiver_card <> '';
CREATE INDEX operation_by_reference ON operation (merchant_id, reference) WHERE reference <> '';
CREATE INDEX operation_by_amount ON operation (merchant_id, amount, created_at);

-- The alerts of a message somebody replies to.
CREATE INDEX outbox_by_message ON outbox (chat_id, message_id) WHERE message_id IS NOT NULL;
