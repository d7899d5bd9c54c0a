"""Feed files: from bytes to records, and from columns to what they mean."""
