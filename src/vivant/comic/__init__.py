"""Scripts, styles, layouts, letters and pages of comics; no torch."""
