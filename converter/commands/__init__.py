"""A file for each group of ``tintcast-convert``'s commands; heavy rooms are imported when one runs."""
