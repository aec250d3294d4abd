"""What was done, for people: the terminal's summary and one HTML page. Both only read the ledger."""
