"""What the office prints and sends: receipts and separator sheets, typeset as PDF."""
