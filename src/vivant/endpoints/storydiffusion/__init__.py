"""A character and a script give a comic page on which the same character appears in every panel."""
